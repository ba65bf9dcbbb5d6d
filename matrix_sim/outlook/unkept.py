"""Calls that nobody keeps: for a society that is played to be counted, and forgotten."""

from __future__ import annotations

from collections.abc import Mapping

from matrix_sim.llm.contracts import Backend, EnvironmentalFailure, Reply, Request, Role


class Unkept:
    """An `LLM` without a journal; a third quicker than one with a journal in memory."""

    def __init__(self, backends: Mapping[Role, Backend]) -> None:
        self._backends = backends

    async def complete(self, request: Request) -> Reply:
        """The reply of whoever answers the role."""
        return await self._backends[request.role].answer(request, _UNWATCHED)


class _Unwatched:
    """A `Course` that nobody keeps the books of."""

    async def reserve(self) -> Reply | None:
        return None

    def sent(self, failure: EnvironmentalFailure | None = None) -> None: ...


_UNWATCHED = _Unwatched()
