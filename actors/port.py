"""The asking side of a hop between actors.

`CoalescedPort` is for a process that asks much (a host with many groups): what is asked within a
few milliseconds travels together, both ways. `DirectPort` is for one that asks little (an agent
with a process of its own). Both turn the death of the other side into
`EnvironmentalFailure(ACTOR_LOST)`, once it is back and can be asked again.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Coroutine
from typing import Any, Protocol

from ray.exceptions import ActorDiedError, ObjectLostError, RayActorError

from actors.desk import LINGER_S, Answer, Batch
from actors.handle import Handle
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance

_REVIVAL_S = 120.0
"""How long a dead actor may take to come back."""
_REVIVAL_STEP_S = 0.2
_DEATHS = (RayActorError, ObjectLostError)
"""How Ray tells that a process is gone; the second is of answers that went with their node."""


class Port(Protocol):
    """Where items are asked and answers come back."""

    async def ask(self, item: Any) -> Any:
        """The answer to `item`.

        Raises:
            EnvironmentalFailure: ACTOR_LOST if the other side died before it answered; whatever
                the other side raised.
        """
        ...


class DirectPort:
    """One actor call an item."""

    def __init__(self, target: Handle) -> None:
        self._target = target

    async def ask(self, item: Any) -> Any:
        """See `Port.ask`."""
        try:
            answer = await self._target.answer.remote(item)
        except _DEATHS as death:
            raise await _revived(self._target, death) from death
        return _open(answer)


class CoalescedPort:
    """Many items a call: one submission every few milliseconds, one poll for what is done."""

    def __init__(self, target: Handle) -> None:
        self._target = target
        self._client = uuid.uuid4().hex
        self._numbers = itertools.count()
        self._outbox: list[tuple[int, Any]] = []
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._life_of: dict[int, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last = ("", 0)
        """Life and number of the last batch that arrived."""
        self._polling = False

    async def ask(self, item: Any) -> Any:
        """See `Port.ask`."""
        loop = asyncio.get_running_loop()
        number, future = next(self._numbers), loop.create_future()
        self._waiting[number] = future
        if not self._outbox:
            loop.call_later(LINGER_S, self._flush)
        self._outbox.append((number, item))
        try:
            return await future
        finally:
            self._waiting.pop(number, None)
            self._life_of.pop(number, None)

    def _flush(self) -> None:
        items, self._outbox = self._outbox, []
        self._spawn(self._submit(items))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, items: list[tuple[int, Any]]) -> None:
        numbers = [number for number, _ in items]
        try:
            life = await self._target.submit.remote(self._client, items)
        except _DEATHS as death:
            self._fail(numbers, await _revived(self._target, death))
        except Exception as failure:
            # A batch that cannot travel reaches everyone who waits in it.
            self._fail(numbers, failure)
        else:
            self._life_of.update((n, life) for n in numbers if n in self._waiting)
            if not self._polling:
                self._polling = True
                self._spawn(self._poll())

    async def _poll(self) -> None:
        """Fetch what is done for as long as somebody waits for something that was taken."""
        try:
            while self._life_of:
                try:
                    batch = await self._target.collect.remote(self._client, self._last)
                    self._distribute(batch)
                except _DEATHS as death:
                    lost = list(self._life_of)
                    self._fail(lost, await _revived(self._target, death))
                except Exception as failure:
                    # Something in the batch cannot travel. It would be sent again and again:
                    # what is asked from now on is asked by somebody else.
                    self._client = uuid.uuid4().hex
                    self._fail(list(self._life_of), failure)
        finally:
            self._polling = False

    def _distribute(self, batch: Batch) -> None:
        self._last = (batch.life, batch.number)
        for answer in batch.answers:
            self._life_of.pop(answer.number, None)
            future = self._waiting.pop(answer.number, None)
            if future is None or future.done():
                continue
            if answer.failed:
                future.set_exception(answer.value)
            else:
                future.set_result(answer.value)
        stale = [number for number, life in self._life_of.items() if life != batch.life]
        if stale:
            self._fail(stale, _lost("it was restarted"))

    def _fail(self, numbers: list[int], failure: Exception) -> None:
        for number in numbers:
            self._life_of.pop(number, None)
            future = self._waiting.pop(number, None)
            if future is not None and not future.done():
                future.set_exception(failure)


def _open(answer: Answer) -> Any:
    if answer.failed:
        raise answer.value
    return answer.value


def _lost(why: str) -> EnvironmentalFailure:
    return EnvironmentalFailure(Hindrance.ACTOR_LOST, why)


async def _revived(target: Handle, death: Exception) -> EnvironmentalFailure:
    """Wait until a restarted actor answers again, so that whoever asks next finds it alive."""
    why = str(death).strip().splitlines()[0]
    deadline = asyncio.get_running_loop().time() + _REVIVAL_S
    while asyncio.get_running_loop().time() < deadline:
        try:
            await target.ping.remote()
        except ActorDiedError:
            return _lost(f"it is gone for good: {why}")
        except _DEATHS:
            await asyncio.sleep(_REVIVAL_STEP_S)
        except Exception as failure:
            return _lost(f"it cannot be asked: {failure}")
        else:
            return _lost(why)
    return _lost(f"it did not come back within {_REVIVAL_S:g} s: {why}")
