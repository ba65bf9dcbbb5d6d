"""Calls that are kept: what an endpoint once answered is never asked, or paid, again (S2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from matrix_sim.failpoints import Failpoints
from matrix_sim.llm.contracts import (
    AbandonCall,
    Backend,
    CallKey,
    EnvironmentalFailure,
    Hindrance,
    Journal,
    OpenCall,
    RecordCall,
    Reply,
    Request,
    Role,
)
from matrix_sim.llm.prefix_cache import PrefixCache
from matrix_sim.llm.prompt_delta import PromptFamilies
from matrix_sim.llm.request_hash import prompt_json, request_hash


@dataclass(frozen=True, slots=True)
class _Flight:
    """A call under way."""

    request_hash: bytes
    task: asyncio.Task[Reply]


class Journaled:
    """An `LLM` whose replies come from the journal, and from an endpoint only once.

    One flight per address and attempt: an equal request joins it, a different one waits for its
    end. A cancelled caller leaves its flight alone, for the reply may be paid by then.

    Args:
        backends: who answers which role.
        journal: where replies are kept.
        max_in_flight: calls that may be open at once. A call is opened in the journal only when
            it may be sent, so that no more than these can be paid twice after a kill.
        prefix_cache: the model that uncached prompt tokens are counted by.
        failpoints: faults on purpose, at "llm.before_send" and "llm.reply_received".
    """

    def __init__(
        self,
        backends: Mapping[Role, Backend],
        journal: Journal,
        *,
        max_in_flight: int,
        prefix_cache: PrefixCache,
        failpoints: Failpoints,
    ) -> None:
        self._backends = backends
        self._journal = journal
        self._slots = asyncio.Semaphore(max_in_flight)
        self._prefix_cache = prefix_cache
        self._failpoints = failpoints
        self._families = PromptFamilies()
        self._flights: dict[tuple[str, int], _Flight] = {}

    async def complete(self, request: Request) -> Reply:
        """The journal's reply to `request`.

        Raises:
            EnvironmentalFailure: no reply was to be had now; nothing was kept.
        """
        backend = self._backends[request.role]
        prompt = prompt_json(request.messages)
        key = request_hash(backend.identity, request, prompt)
        place = (request.address, request.attempt)
        while (flight := self._flights.get(place)) is not None and flight.request_hash != key:
            await asyncio.wait((flight.task,))
        if flight is None:
            flight = self._take_off(place, key, self._fly(backend, request, key, prompt))
        # Unlike `await`, `wait` does not pass a caller's cancellation on to the flight.
        await asyncio.wait((flight.task,))
        if flight.task.cancelled():
            raise EnvironmentalFailure(
                Hindrance.ACTOR_LOST,
                "the process that asked was closing; run the same command again to go on",
                address=request.address,
            )
        return flight.task.result()

    async def close(self) -> None:
        """End all flights; whoever waits for one gets an `EnvironmentalFailure`."""
        flights = [flight.task for flight in self._flights.values()]
        for task in flights:
            task.cancel()
        if flights:
            await asyncio.wait(flights)

    def _take_off(
        self, place: tuple[str, int], key: bytes, flying: Coroutine[Any, Any, Reply]
    ) -> _Flight:
        flight = _Flight(key, asyncio.create_task(flying, name=f"{place[0]}#{place[1]}"))
        self._flights[place] = flight

        # A callback, because a task that is cancelled before its first step runs no `finally`.
        def landed(task: asyncio.Task[Reply]) -> None:
            del self._flights[place]
            if not task.cancelled():
                task.exception()  # seen, even where every caller is gone

        flight.task.add_done_callback(landed)
        return flight

    async def _fly(self, backend: Backend, request: Request, key: bytes, prompt: bytes) -> Reply:
        call = CallKey(request.address, request.attempt, key)
        course = _Course(
            self._journal,
            OpenCall(call, request.role, request.prompt_bytes + request.max_tokens),
            self._failpoints,
        )
        async with self._slots:
            try:
                reply = await backend.answer(request, course)
            except (Exception, asyncio.CancelledError):
                await course.abandon()
                raise
            if course.held:
                return reply
            self._failpoints.reach("llm.reply_received")
            uncached = self._uncached_tokens(request)
            encoded = self._families.encode(request.address, key, prompt)
            # Still in its slot: what is paid and not yet durable is never more than may be open.
            kept = await self._journal.record(
                RecordCall(call, reply, encoded.stored, uncached, course.sendings, course.setbacks)
            )
        self._families.keep(encoded)
        return kept

    def _uncached_tokens(self, request: Request) -> int:
        if request.role is Role.EMBEDDING:
            return 0  # no prompt that a model's prefix cache could hold
        return self._prefix_cache.uncached_tokens(request.messages)


class _Course:
    """A call on its way (`Course`): what the journal is told of it."""

    def __init__(self, journal: Journal, call: OpenCall, failpoints: Failpoints) -> None:
        self._journal = journal
        self._call = call
        self._failpoints = failpoints
        self._met: Counter[Hindrance] = Counter()
        self._open = self._maybe_paid = False
        self.held = False
        """Whether the reply was the journal's."""
        self.sendings = 0

    @property
    def setbacks(self) -> tuple[tuple[Hindrance, int], ...]:
        return tuple(sorted(self._met.items()))

    async def reserve(self) -> Reply | None:
        if not self._open or self._maybe_paid:
            held = await self._journal.open(self._call)
            if held is not None:
                self._open, self.held = False, True
                return held
        # From here on it may be under way at any moment.
        self._open = self._maybe_paid = True
        self._failpoints.reach("llm.before_send")
        return None

    def sent(self, failure: EnvironmentalFailure | None = None) -> None:
        self.sendings += 1
        if failure is not None:
            self._met[failure.hindrance] += 1
            self._maybe_paid = failure.maybe_paid

    async def abandon(self) -> None:
        """Give back what was reserved and not paid; a call that was never opened has nothing."""
        if self._open:
            await self._journal.abandon(
                AbandonCall(self._call.key, self.setbacks, self._maybe_paid)
            )
