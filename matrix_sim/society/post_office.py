"""Envelopes under way between groups, kept until the tick in which they take effect."""

from __future__ import annotations

from collections.abc import Iterable

from matrix_sim.messages import Envelope


class PostOffice:
    """Holds what was sent and hands out complete, sorted, capped inboxes (S4, S5)."""

    def __init__(self, window: int, inbox_limit: int) -> None:
        """`window` is how many ticks later an envelope takes effect."""
        self._window = window
        self._limit = inbox_limit
        self._due: dict[tuple[int, int], list[Envelope]] = {}

    def post(self, envelopes: Iterable[Envelope]) -> None:
        """Take what a committed tick sent."""
        for envelope in envelopes:
            key = (envelope.target, envelope.action.tick + self._window)
            self._due.setdefault(key, []).append(envelope)

    def collect(self, group: int, tick: int) -> tuple[tuple[Envelope, ...], int]:
        """The inbox of a tick in delivery order, and how many envelopes the limit left out.

        What stays in is what its senders ranked first. Collecting does not remove: a tick may be
        granted again after a crash; `delivered` does.
        """
        due = self._due.get((group, tick), [])
        kept = sorted(due, key=lambda e: (e.rank, e.action.order))[: self._limit]
        return tuple(sorted(kept, key=lambda e: e.action.order)), len(due) - len(kept)

    def delivered(self, group: int, tick: int) -> None:
        """Forget an inbox: the tick that took it is committed."""
        self._due.pop((group, tick), None)

    @property
    def empty(self) -> bool:
        """Whether no envelope is under way."""
        return not self._due
