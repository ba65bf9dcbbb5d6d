"""Many writers, one transaction: what arrives during a commit goes into the next.

An `fsync` costs milliseconds and is the same for one row and for a hundred. Only the commit,
which waits for the disk, has a thread; the rows are written on the event loop. A thread for all
of it was measured first: `sqlite3` gives up the interpreter's lock at every statement, and next
to a busy loop gets it back only after milliseconds (25,000 writes/s became 400).
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from matrix_sim.errors import RunFailure
from matrix_sim.store.failures import StoreUnavailable
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import Item

_BATCH_LIMIT = 256
"""Items of a transaction: bounds how long the event loop is held up (20 us an item)."""


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
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="store-commit")
        self._queue: deque[_Waiter] = deque()
        self._batch: list[_Waiter] = []
        self._writer: asyncio.Task[None] | None = None
        self._refusal: str | None = None

    async def submit(self, item: Item) -> object:
        """Have `item` done; its answer is durable. Cancelled, it may be done all the same.

        Raises:
            StoreConflict: it contradicts what is there; what else was in its batch is done.
            StoreUnavailable: nothing can be written now.
            TypeError: it holds what cannot be stored.
            RunFailure: the store is closed, or its writer has died.
        """
        if self._refusal is not None:
            raise RunFailure(self._refusal)
        waiter = _Waiter(item, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="store-writer")
            self._writer.add_done_callback(self._ended)
        return await waiter.future

    async def close(self) -> None:
        """Do what is queued, then close the store."""
        self._refusal = self._refusal or "the run store is closed; start the same command again"
        if self._writer is not None:
            await asyncio.wait((self._writer,))
        await asyncio.get_running_loop().run_in_executor(self._disk, self._store.close)
        self._disk.shutdown()

    async def _write(self) -> None:
        while self._queue:
            count = min(len(self._queue), _BATCH_LIMIT)
            self._batch = [self._queue.popleft() for _ in range(count)]
            outcomes = await self._commit([waiter.item for waiter in self._batch])
            batch, self._batch = self._batch, []
            for waiter, outcome in zip(batch, outcomes, strict=True):
                _settle(waiter, outcome)
        self._writer = None

    async def _commit(self, items: list[Item]) -> list[object]:
        """Per item its answer or `_Failed`."""
        try:
            answers = self._store.stage(items)
            await asyncio.get_running_loop().run_in_executor(self._disk, self._store.commit)
            return answers
        except StoreUnavailable as error:
            return [_Failed(error)] * len(items)
        except Exception as error:
            if len(items) == 1:
                return [_Failed(error)]
            # One of them is poison; alone, each gets what it deserves.
            return [(await self._commit([item]))[0] for item in items]

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A callback, because a task that is cancelled before its first step runs no `finally`.
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            return
        self._refusal = (
            f"the run store's writer has died ({type(error).__name__}: {error}); what it"
            " acknowledged is kept: start the same command again"
        )
        stranded = [*self._batch, *self._queue]
        self._batch = []
        self._queue.clear()
        for waiter in stranded:
            _settle(waiter, _Failed(RunFailure(self._refusal)))


class InlineCommit:
    """The same front without a thread: every item is a transaction, done on the spot."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    async def submit(self, item: Item) -> object:
        """Have `item` done; raises what `RunStore.apply` raises."""
        return self._store.apply((item,))[0]


def _settle(waiter: _Waiter, outcome: object) -> None:
    if waiter.future.done():
        return
    if isinstance(outcome, _Failed):
        waiter.future.set_exception(outcome.error)
    else:
        waiter.future.set_result(outcome)
