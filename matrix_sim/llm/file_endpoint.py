"""An endpoint whose server is started by its first request, or before that by `load`.

Not by its constructor: in an actor a crash of llama.cpp there would be met by a restart, and that
by the next crash, for ever. What dies in an answer is told to whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from matrix_sim.llm.contracts import Endpoint, Reply, Request


class OwnEndpoint(Endpoint, Protocol):
    """An endpoint that somebody has to close."""

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        ...


class FileEndpoint:
    """A model file (an `Endpoint`)."""

    def __init__(self, identity: bytes, start: Callable[[], OwnEndpoint]) -> None:
        """`start` starts the server, which may take minutes, and gives the client of it."""
        self.identity: bytes = identity
        self._start = start
        self._client: OwnEndpoint | None = None

    def load(self) -> OwnEndpoint:
        """Start the server, unless it runs; everything in this process waits.

        Raises:
            UsageError, RunFailure: as `LocalServer`.
        """
        if self._client is None:
            self._client = self._start()
        return self._client

    async def send(self, request: Request, *, sending: int) -> Reply:
        """Send `request` once.

        Raises:
            EnvironmentalFailure: no reply came.
            UsageError, RunFailure: as `load`.
        """
        return await self.load().send(request, sending=sending)

    async def close(self) -> None:
        """Close the connections; the server is its owner's."""
        if self._client is not None:
            await self._client.close()
