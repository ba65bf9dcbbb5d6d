"""Many writers, one transaction: what arrives during a commit goes into the next.

An `fsync` costs milliseconds and is the same for one row and for a hundred. All of it runs on
the event loop, which waits for the disk meanwhile. A writer thread was measured, for everything
and for the commit alone: `sqlite3` gives up the interpreter's lock at every statement and, next
to a busy loop, gets it back only after milliseconds. On two cores, 64 callers: 24,000 writes/s
with either thread and 31,000 without; on a loop that is kept busy, as few as 400 with either
and at least 6,000 without.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from matrix_sim.errors import RunFailure
from matrix_sim.store.failures import StoreUnavailable
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import AwaitRoom, Item

_BATCH_LIMIT = 128
"""Items of a transaction: bounds how long the loop is held up (4 ms for calls, more for reads)."""


@dataclass(frozen=True, slots=True)
class _Waiter:
    item: Item
    future: asyncio.Future[object]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


class GroupCommit:
    """The single writer of a store, which it owns, for the coroutines of one event loop."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._queue: deque[_Waiter] = deque()
        self._scheduled = False
        self._refusal: str | None = None

    async def submit(self, item: Item | AwaitRoom) -> object:
        """Have `item` done; its answer is durable. Cancelled, it may be done all the same.

        Raises:
            StoreConflict: it contradicts what is there; what else was in its batch is done.
            StoreUnavailable: nothing can be written now.
            TypeError: it holds what cannot be stored.
            RunFailure: the store is closed, or its writer has died.
        """
        if self._refusal is not None:
            raise RunFailure(self._refusal)
        if isinstance(item, AwaitRoom):
            return await self._store.book.room(item.call)
        loop = asyncio.get_running_loop()
        waiter = _Waiter(item, loop.create_future())
        self._queue.append(waiter)
        self._schedule(loop)
        return await waiter.future

    async def close(self) -> None:
        """Do what is queued, then close the store. Closing twice is fine."""
        self._refusal = self._refusal or "the run store is closed; start the same command again"
        while self._queue:
            self._write_batch()
        self._store.close()

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not at once: what else is submitted in this turn of the loop joins.
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._scheduled = False
        if self._queue:
            self._write_batch()
        if self._queue:
            self._schedule(loop)

    def _write_batch(self) -> None:
        count = min(len(self._queue), _BATCH_LIMIT)
        batch = [self._queue.popleft() for _ in range(count)]
        try:
            outcomes = self._outcomes([waiter.item for waiter in batch])
        except BaseException as error:
            self._die(error, batch)
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return
        for waiter, outcome in zip(batch, outcomes, strict=True):
            _settle(waiter, outcome)

    def _outcomes(self, items: list[Item]) -> list[object]:
        """Per item its answer or `_Failed`."""
        try:
            return self._store.apply(items)
        except StoreUnavailable as error:
            return [_Failed(error)] * len(items)
        except Exception as error:
            if len(items) == 1:
                return [_Failed(error)]
            # One of them is poison; alone, each gets what it deserves.
            return [self._outcomes([item])[0] for item in items]

    def _die(self, error: BaseException, batch: list[_Waiter]) -> None:
        self._refusal = (
            f"the run store's writer has died ({type(error).__name__}: {error}); what it"
            " acknowledged is kept: start the same command again"
        )
        self._store.book.release()
        for waiter in (*batch, *self._queue):
            _settle(waiter, _Failed(RunFailure(self._refusal)))
        self._queue.clear()


class InlineCommit:
    """The same front without batches: every item is a transaction, done on the spot."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    async def submit(self, item: Item | AwaitRoom) -> object:
        """Have `item` done; raises what `RunStore.apply` raises."""
        if isinstance(item, AwaitRoom):
            return await self._store.book.room(item.call)
        return self._store.apply((item,))[0]


def _settle(waiter: _Waiter, outcome: object) -> None:
    if waiter.future.done():
        return
    if isinstance(outcome, _Failed):
        waiter.future.set_exception(outcome.error)
    else:
        waiter.future.set_result(outcome)
