"""What stands between the makers of data sets and the models: patience, and an end."""

from __future__ import annotations

from matrix_sim.llm.contracts import LLM, EnvironmentalFailure, Hindrance, Reply, Request

_LIVES = 5
"""How often the process that is asked may die under one call: one that kills it every time must
not be asked for ever."""


class Patient:
    """An LLM that asks again where the process that was asked died (the journal knows the rest)."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    async def complete(self, request: Request) -> Reply:
        """See `LLM.complete`."""
        for life in range(1, _LIVES + 1):
            try:
                return await self._llm.complete(request)
            except EnvironmentalFailure as failure:
                if failure.hindrance is not Hindrance.ACTOR_LOST or life == _LIVES:
                    raise
        raise AssertionError("unreachable")


class Door:
    """An LLM that a data set asks until it is closed: what was asked before comes home."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self._closed: BaseException | None = None

    def close(self, why: BaseException) -> None:
        """Let no further question through; whoever has one is told why. The first reason stays."""
        self._closed = self._closed or why

    async def complete(self, request: Request) -> Reply:
        """See `LLM.complete`.

        Raises:
            BaseException: why it was closed.
        """
        if self._closed is not None:
            raise self._closed
        return await self._llm.complete(request)
