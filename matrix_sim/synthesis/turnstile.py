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
        self._missing: tuple[int, BaseException] | None = None
        """The lowest number that never comes, and why."""

    def step_aside(self, number: int) -> None:
        """This number has no business here, and holds nobody up."""
        if number >= self._next:
            self._aside.add(number)
            self._advance()

    def give_up(self, number: int, failure: BaseException) -> None:
        """This number does not come, unless it was here before: none behind it gets in."""
        if number < self._next or self._missed_by(number) is not None:
            return
        self._missing = (number, failure)
        for behind in [waiting for waiting in self._waiting if waiting > number]:
            self._waiting.pop(behind).set()

    @asynccontextmanager
    async def turn(self, number: int) -> AsyncIterator[None]:
        """The turn of this number; the next one's comes when the block ends without an error.

        Raises:
            BaseException: why a number below this one does not come.
        """
        if number > self._next and self._missed_by(number) is None:
            await self._waiting.setdefault(number, asyncio.Event()).wait()
        missed = self._missed_by(number)
        if missed is not None:
            raise missed
        yield
        self.step_aside(number)

    def _missed_by(self, number: int) -> BaseException | None:
        if self._missing is None or number <= self._missing[0]:
            return None
        return self._missing[1]

    def _advance(self) -> None:
        while self._next in self._aside:
            self._aside.remove(self._next)
            self._next += 1
        waiting = self._waiting.pop(self._next, None)
        if waiting is not None:
            waiting.set()
