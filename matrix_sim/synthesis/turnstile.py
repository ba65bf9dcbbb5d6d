"""A place that candidates pass in the order of their numbers, however they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turnstile:
    """Lets number n in once all below it have been let in or have stepped aside."""

    def __init__(self) -> None:
        self._next = 0
        self._aside: set[int] = set()
        self._waiting: dict[int, asyncio.Event] = {}

    def step_aside(self, number: int) -> None:
        """This number has no business here, and holds nobody up."""
        if number >= self._next:
            self._aside.add(number)
            self._advance()

    @asynccontextmanager
    async def turn(self, number: int) -> AsyncIterator[None]:
        """The turn of this number; the next one's comes when the block ends, however it ends."""
        if number > self._next:
            await self._waiting.setdefault(number, asyncio.Event()).wait()
        try:
            yield
        finally:
            self.step_aside(number)

    def _advance(self) -> None:
        while self._next in self._aside:
            self._aside.remove(self._next)
            self._next += 1
        waiting = self._waiting.pop(self._next, None)
        if waiting is not None:
            waiting.set()
