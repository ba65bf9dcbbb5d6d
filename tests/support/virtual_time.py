"""An event loop whose clock is virtual and whose scheduling is drawn from a seed.

Sleeping costs nothing: when nobody is ready, the clock jumps to the next timer. Which of several
ready callbacks runs first is drawn, and so is which of several timers that are due together
rings first: one seed is one interleaving, and a failing seed replays exactly.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_TIMER_JITTER_S = 1e-6
"""Far more than the loop's idea of the same moment, far less than any latency of a test."""


class _JumpingSelector(selectors.BaseSelector):
    """A selector that never waits: asked to, it moves the clock on instead."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        self._jump = jump
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits and no timer is set: the system hangs")
        if timeout > 0:
            self._jump(timeout)
        return self._real.select(0)

    def register(self, fileobj: Any, events: int, data: Any = None) -> Any:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> Any:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> Any:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Any:
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self, seed: int) -> None:
        self._now = 0.0
        self._draw = random.Random(seed)
        super().__init__(_JumpingSelector(self._advance))

    def time(self) -> float:
        return self._now

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        when += self._draw.random() * _TIMER_JITTER_S
        return super().call_at(when, callback, *args, context=context)

    def _advance(self, seconds: float) -> None:
        self._now += seconds

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        if len(ready) > 1:
            callbacks = list(ready)
            self._draw.shuffle(callbacks)
            ready.clear()
            ready.extend(callbacks)
        super()._run_once()  # type: ignore[misc]


def run_virtually(work: Coroutine[Any, Any, T], seed: int = 0) -> T:
    """`asyncio.run` under virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner:
        return runner.run(work)
