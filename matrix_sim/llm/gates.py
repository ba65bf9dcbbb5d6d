"""Gates that hold nobody up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from matrix_sim.llm.contracts import EnvironmentalFailure, Permit, Reply, Request


class OpenGate:
    """Lets everybody in at once: for endpoints in this process, which count their own slots."""

    open = True

    def __init__(self) -> None:
        self.load = 0

    @asynccontextmanager
    async def admit(self, request: Request) -> AsyncIterator[Permit]:
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
