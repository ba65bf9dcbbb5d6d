"""Calls that are kept: what an endpoint once answered is never asked, or paid, again (S2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

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
from matrix_sim.llm.tariff import FREE, Tariffs, most_tokens


@dataclass(frozen=True, slots=True)
class _Flight:
    """A call under way."""

    request_hash: bytes
    course: _Course
    task: asyncio.Task[Reply]


class Journaled:
    """An `LLM` whose replies come from the journal, and from an endpoint only once.

    One flight per address and attempt: an equal request joins it, a different one waits for its
    end. A cancelled caller leaves its flight alone, for the reply may be paid by then. After a
    failure that no waiting mends (a wrong key, an unknown model, an endpoint that stayed away),
    nothing more is sent; what is
    under way comes home, and what the journal holds is still answered. Once it is stopped, only
    what is under way is.

    Args:
        backends: who answers which role.
        journal: where replies are kept.
        max_in_flight: calls that may be open at once. A call is opened in the journal only when
            it may be sent, so that no more than these can be paid twice after a kill.
        prefix_cache: the model that uncached prompt tokens are counted by.
        failpoints: faults on purpose, at "llm.before_send" and "llm.reply_received".
        tariffs: what the roles' tokens cost; a role without one costs nothing.
        holder: see `OpenCall.holder`.
    """

    def __init__(
        self,
        backends: Mapping[Role, Backend],
        journal: Journal,
        *,
        max_in_flight: int,
        prefix_cache: PrefixCache,
        failpoints: Failpoints,
        tariffs: Tariffs = MappingProxyType({}),
        holder: str = "",
    ) -> None:
        self._backends = backends
        self._journal = journal
        self._slots = asyncio.Semaphore(max_in_flight)
        self._prefix_cache = prefix_cache
        self._failpoints = failpoints
        self._tariffs = tariffs
        self._holder = holder
        self._hopeless = _Hopeless()
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
            flight = self._take_off(backend, request, key, prompt)
        # Unlike `await`, `wait` does not pass a caller's cancellation on to the flight.
        await asyncio.wait((flight.task,))
        if flight.task.cancelled():
            self._hopeless.check(request.address)
            raise EnvironmentalFailure(
                Hindrance.ACTOR_LOST,
                "the process that asked was closing; run the same command again to go on",
                address=request.address,
            )
        return flight.task.result()

    def stop(self) -> None:
        """Send nothing more: what is under way comes home, whoever waits to be sent is told."""
        self._give_up(EnvironmentalFailure(Hindrance.STOPPED, "the run is being stopped"))

    async def close(self) -> None:
        """End all flights; whoever waits for one gets an `EnvironmentalFailure`."""
        flights = [flight.task for flight in self._flights.values()]
        for task in flights:
            task.cancel()
        if flights:
            await asyncio.wait(flights)

    def _take_off(self, backend: Backend, request: Request, key: bytes, prompt: bytes) -> _Flight:
        place = (request.address, request.attempt)
        reservation = self._reservation(CallKey(*place, key), request)
        course = _Course(self._journal, reservation, self._hopeless, self._failpoints)
        flying = self._fly(backend, request, course, prompt)
        flight = _Flight(key, course, asyncio.create_task(flying, name=f"{place[0]}#{place[1]}"))
        self._flights[place] = flight

        # A callback, because a task that is cancelled before its first step runs no `finally`.
        def landed(task: asyncio.Task[Reply]) -> None:
            del self._flights[place]
            if not task.cancelled():
                task.exception()  # seen, even where every caller is gone

        flight.task.add_done_callback(landed)
        return flight

    def _give_up(self, failure: EnvironmentalFailure) -> None:
        """Turn back whoever waits: at a gate, for another sending, for room in the budget."""
        self._hopeless.see(failure)
        for flight in self._flights.values():
            if flight.course.waits and flight.task is not asyncio.current_task():
                flight.task.cancel()

    async def _fly(
        self, backend: Backend, request: Request, course: _Course, prompt: bytes
    ) -> Reply:
        call = course.key
        async with self._slots:
            try:
                reply = await self._answered(backend, request, course)
            except (Exception, asyncio.CancelledError) as failure:
                if isinstance(failure, EnvironmentalFailure) and failure.hindrance in _HOPELESS:
                    self._give_up(failure)
                await course.abandon()
                raise
            if course.held:
                return reply
            self._failpoints.reach("llm.reply_received")
            uncached = self._uncached_tokens(request)
            encoded = self._families.encode(request.address, call.request_hash, prompt)
            # Still in its slot: what is paid and not yet durable is never more than may be open.
            kept = await self._journal.record(
                RecordCall(
                    call,
                    reply,
                    encoded.stored,
                    uncached,
                    course.sendings,
                    course.setbacks,
                    self._tariffs.get(request.role, FREE).cost(reply.usage),
                )
            )
        self._families.keep(encoded)
        return kept

    async def _answered(self, backend: Backend, request: Request, course: _Course) -> Reply:
        """The backend's reply; where the budget has no room, waits for what is under way.

        Here, where no permit is held: those that are under way may need one to come to their end.
        """
        if self._hopeless.known and (held := await course.reserve()) is not None:
            return held  # no waiting at a gate for what the journal has
        while True:
            try:
                return await backend.answer(request, course)
            except EnvironmentalFailure as failure:
                if failure.hindrance is not Hindrance.BUDGET:
                    raise
            await course.room()

    def _reservation(self, call: CallKey, request: Request) -> OpenCall:
        prompt, reply = most_tokens(request)
        return OpenCall(
            call,
            request.role,
            prompt + reply,
            self._tariffs.get(request.role, FREE).most(prompt, reply),
            repeats=request.repeats,
            holder=self._holder,
        )

    def _uncached_tokens(self, request: Request) -> int:
        if request.role is Role.EMBEDDING:
            return 0  # no prompt that a model's prefix cache could hold
        return self._prefix_cache.uncached_tokens(request.messages)


class _Hopeless:
    """Knows the first failure after which nothing more is to be sent."""

    def __init__(self) -> None:
        self._failure: EnvironmentalFailure | None = None

    @property
    def known(self) -> bool:
        """Whether there was one."""
        return self._failure is not None

    @property
    def stopped(self) -> bool:
        """Whether it was a stop."""
        return self._failure is not None and self._failure.hindrance is Hindrance.STOPPED

    def see(self, failure: EnvironmentalFailure) -> None:
        """Remember a failure of that kind."""
        self._failure = self._failure or failure

    def check(self, address: str) -> None:
        """Raise what was seen, if anything was."""
        if self._failure is not None:
            seen = self._failure
            raise EnvironmentalFailure(seen.hindrance, seen.detail, address=seen.address or address)


_HOPELESS = frozenset(
    {Hindrance.UNAUTHORISED, Hindrance.MODEL_UNKNOWN, Hindrance.REJECTED, Hindrance.OUTAGE}
)
"""Sending more would only repeat these; an outage was waited for as long as the config says."""


class _Course:
    """A call on its way (`Course`): what the journal is told of it."""

    def __init__(
        self, journal: Journal, call: OpenCall, hopeless: _Hopeless, failpoints: Failpoints
    ) -> None:
        self._journal = journal
        self._call = call
        self._hopeless = hopeless
        self._failpoints = failpoints
        self._met: Counter[Hindrance] = Counter()
        self._open = self._maybe_paid = False
        self._last: Hindrance | None = None
        self.held = False
        """Whether the reply was the journal's."""
        self.sendings = 0
        self.waits = True
        """Whether it may be broken off, and nothing is lost by it."""

    @property
    def key(self) -> CallKey:
        """Of the call."""
        return self._call.key

    @property
    def setbacks(self) -> tuple[tuple[Hindrance, int], ...]:
        return tuple(sorted(self._met.items()))

    async def reserve(self) -> Reply | None:
        self.waits = False
        if self._hopeless.stopped:
            self._hopeless.check(self._call.key.address)
        if not self._open or self._maybe_paid:
            call = replace(self._call, after=self._last) if self._open else self._call
            held = await self._journal.open(call)
            if held is not None:
                self._open, self.held = False, True
                return held
            self._open, self._maybe_paid = True, False
        self._last = None
        if not self._hopeless.stopped:  # one that comes only now finds the call under way
            self._hopeless.check(self._call.key.address)
        # From here on it may be under way at any moment.
        self._maybe_paid = True
        self._failpoints.reach("llm.before_send")
        return None

    def sent(self, failure: EnvironmentalFailure | None = None) -> None:
        self.sendings += 1
        self.waits = failure is not None
        if failure is not None:
            self._met[failure.hindrance] += 1
            self._last, self._maybe_paid = failure.hindrance, failure.maybe_paid
            self._hopeless.check(self._call.key.address)  # no waiting for another sending

    async def room(self) -> None:
        """See `Journal.room`."""
        self.waits = True
        await self._journal.room(self._call)

    async def abandon(self) -> None:
        """Give back what was reserved and not paid; a call that was never opened has nothing."""
        self.waits = False
        if self._open:
            await self._journal.abandon(
                AbandonCall(self._call.key, self.setbacks, self._maybe_paid, self._last)
            )
