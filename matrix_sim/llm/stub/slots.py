"""Places for so many at once, first come, first served; their number may change at any time."""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """A semaphore that can be resized.

    Fewer slots than are taken: nobody loses one, and nobody gets one until enough are back.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def resize(self, number: int) -> None:
        """Have `number` of them from now on."""
        self._number = number
        self._hand_out()

    async def __aenter__(self) -> None:
        if self._taken < self._number:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # It was handed a slot and cancelled before it knew.
                self._give_back()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._give_back()

    def _give_back(self) -> None:
        self._taken -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._taken < self._number:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._taken += 1
                turn.set_result(None)
