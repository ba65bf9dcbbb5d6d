"""Kills actor processes of a run that goes on, one after another."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.processes import actor_processes


class Killer:
    """Kills one process of each kind, each once something was committed since the last."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._next = list(kinds)
        self._progress = 0
        self.killed: dict[str, int] = {}
        """What was committed at the death of each kind."""

    def saw(self, progress: int) -> None:
        """So much is committed now."""
        if progress > self._progress and self._next:
            kind = self._next.pop(0)
            actor_processes(kind)[0].kill()
            self._progress = self.killed[kind] = progress
