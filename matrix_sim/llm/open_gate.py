"""Gates that hold nobody up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from matrix_sim.llm.contracts import EnvironmentalFailure, Permit, Reply, Request


class OpenGate:
    """Lets everybody in at once: for endpoints in this process, which count their own slots."""

    open = True
    holds_back = False

    def __init__(self) -> None:
        self.load = 0

    def saw(self, headers: Mapping[str, str]) -> None:
        """Nothing of what an endpoint says is kept."""

    @asynccontextmanager
    async def admit(
        self, request: Request, *, patience_s: float | None = None
    ) -> AsyncIterator[Permit]:
        """Leave, at once."""
        self.load += 1
        try:
            yield _OPEN
        finally:
            self.load -= 1


class _FreePermit:
    def answered(self, reply: Reply) -> None: ...

    def failed(self, failure: EnvironmentalFailure) -> None: ...


_OPEN = _FreePermit()
