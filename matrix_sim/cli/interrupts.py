"""SIGINT and SIGTERM as something that a coroutine can wait for."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Takes the place of whoever handles the signals for as long as its block goes on.

    Several may be under way in one loop, and need not end in the order in which they began: each
    is told, and the last one gives the signals back. Only the main thread is told of signals: in
    another one, none ever comes.
    """

    _under_way: ClassVar[list[Interrupts]] = []
    _before: ClassVar[dict[signal.Signals, Any]] = {}
    """Who handles the signals while none is under way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        self._told = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._told:
            if not self._under_way:
                self._before.update((number, signal.getsignal(number)) for number in _SIGNALS)
            self._under_way.append(self)
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._told:
            self._under_way.remove(self)
        if self._told and not self._under_way:
            for number, handler in self._before.items():
                self._loop.remove_signal_handler(number)
                signal.signal(number, handler)

    def listen(self) -> None:
        """Take the signals, from whoever has them."""
        for number in _SIGNALS if self._told else ():
            self._loop.add_signal_handler(number, _tell, self._under_way)

    def tell(self) -> None:
        """An interrupt came."""
        self._came.set()

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


def _tell(listeners: list[Interrupts]) -> None:
    for one in listeners:
        one.tell()
