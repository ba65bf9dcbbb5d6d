"""SIGINT and SIGTERM as something that a coroutine can wait for."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Takes the place of whoever handles the signals for as long as its block goes on.

    Only the main thread is told of signals: in another one, none ever comes.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        self._told = threading.current_thread() is threading.main_thread()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if self._told:
            self._before = {number: signal.getsignal(number) for number in _SIGNALS}
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            self._loop.remove_signal_handler(number)
            signal.signal(number, handler)

    def listen(self) -> None:
        """Take the signals, from whoever has them."""
        for number in _SIGNALS if self._told else ():
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
