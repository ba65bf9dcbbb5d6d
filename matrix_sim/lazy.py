"""A value that is made when it is first needed, once, in asynchronous code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Lazy(Generic[Value]):
    """Holds what `make` gives; a failure to make it is not kept, the next who asks tries again."""

    def __init__(self, make: Callable[[], Awaitable[Value]]) -> None:
        self._make = make
        self._made: list[Value] = []
        self._making = asyncio.Lock()

    @property
    def made(self) -> Value | None:
        """The value, if it was made already."""
        return self._made[0] if self._made else None

    async def get(self) -> Value:
        """The value; whoever comes while it is being made waits for it."""
        if not self._made:
            async with self._making:
                if not self._made:
                    self._made.append(await self._make())
        return self._made[0]
