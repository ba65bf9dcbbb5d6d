"""SIGINT and SIGTERM as something that a coroutine can wait for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Interrupts:
    """Takes the place of Python's own handling from its making until the loop ends."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        self.listen()

    def listen(self) -> None:
        """Take the signals, from whoever has them."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._came.set)

    async def unless_one_comes(self, work: Awaitable[T]) -> T:
        """What `work` gives, unless an interrupt comes first: then it is cancelled.

        Raises:
            KeyboardInterrupt: one came; the next call waits for another one.
        """
        doing = asyncio.ensure_future(work)
        waiting = asyncio.ensure_future(self._came.wait())
        try:
            await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return await doing
            self._came.clear()
            raise KeyboardInterrupt
        finally:
            waiting.cancel()
            doing.cancel()
