"""The holder's side of the limits of one endpoint: what every call passes.

A call costs no hop: the gate goes by its lease, and renews it in the background while there is
traffic. It tells what it saw with every renewal.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from matrix_sim.llm.contracts import (
    EnvironmentalFailure,
    GateClosed,
    Hindrance,
    Reply,
    Request,
)
from matrix_sim.llm.limits.admission import Admission, Permit, Waiter
from matrix_sim.llm.limits.headers import announced
from matrix_sim.llm.limits.lease import Down, LaneTerms, Lease, LimiterPort, Report, Tally
from matrix_sim.llm.limits.tally_book import TallyBook
from matrix_sim.llm.limits.token_estimate import TokenEstimate
from matrix_sim.llm.retrying import LONGEST_WAIT_S

_IN_USE = 0.8
"""Share of the slots from which on a reply says how the endpoint does at the limit."""
_RENEWALS = 8
"""Renewals a round trip."""
_SHORTEST_S, _LONGEST_S = 0.05, 0.5
"""Between two renewals: often enough for shares to follow demand, and no flood of messages."""
_ANSWER_S = 10.0
"""How long the limiter may take to answer before it is asked again."""
_GAP_S = 0.01
"""Between two renewals whatever is urgent: what fails together is told of together."""
_ROUNDING = 1e-6
"""Tokens by which sums of fractions may be off."""
_BRAKE = 0.9
"""Share of what was in flight that goes on until the limiter has said how much may, once an
endpoint turned a request away."""
_IDLE_S = 1.0
"""How long the lease is kept up without any call: the next one often comes at once."""
_HEADERS_EVERY_S = 0.25
"""Answers say the same for a while, and reading them costs."""


class LeasedGate:
    """A `Gate` under the limits that all processes share.

    Args:
        lane: the endpoint's name, the same in all processes.
        terms: what the config says of it.
        holder: this gate's own name; no other gate has it.
        limiter: who gives out the leases.
        clock: monotonic seconds.
        wall_clock: seconds since the epoch, for headers that name moments.
    """

    holds_back = True

    def __init__(
        self,
        lane: str,
        terms: LaneTerms,
        holder: str,
        limiter: LimiterPort,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._lane = lane
        self._terms = terms
        self._holder = holder
        self._limiter = limiter
        self._clock = clock
        self._wall_clock = wall_clock
        self._waiters: deque[Waiter] = deque()
        self._in_flight = 0
        self._lease: Lease | None = None
        self._valid_until = 0.0
        self._hold_until = 0.0
        self._probes = 0
        self._brake: int | None = None
        """Requests at once, after one was turned away, until the limiter has heard of it."""
        self._braked_at = 0.0
        self._spent_requests = 0.0
        self._spent_tokens = 0.0
        self._came_back = 0.0
        """Tokens that were not needed after all, until the limiter has heard of it: it may have
        spent them in advance."""
        self._estimate = TokenEstimate()
        self._usual_tokens = 0.0
        self._book = TallyBook()
        self._took_s = 0.0
        """What a reply takes, about."""
        self._headers_at = 0.0
        self._renewing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._busy_at = 0.0

    @property
    def load(self) -> int:
        """Requests that are under way, or wait for leave, in this process."""
        return self._in_flight + len(self._waiters)

    @property
    def open(self) -> bool:
        """Whether the endpoint is taken to be up."""
        return self._lease is None or self._lease.down is None

    def admit(self, request: Request, *, patience_s: float | None = None) -> Admission:
        """See `Gate.admit`."""
        return Admission(self, request, patience_s)

    def saw(self, headers: Mapping[str, str]) -> None:
        """What an answer's headers say of limits; a look every now and then is enough."""
        now = self._clock()
        if now < self._headers_at:
            return
        self._headers_at = now + _HEADERS_EVERY_S
        said = announced(headers, now=self._wall_clock())
        if said is None:
            return
        self._book.announced = said
        if said.hold_s is not None:
            self._hold(said.hold_s, now)

    # Coming in.

    async def enter(self, request: Request, patience_s: float | None) -> Permit:
        """Wait for leave.

        Raises:
            EnvironmentalFailure: OUTAGE.
            GateClosed: the endpoint is down, and stayed so for `patience_s`.
        """
        now = self._clock()
        prompt_bytes = request.prompt_bytes
        tokens = self._tokens(request, prompt_bytes)
        self._busy_at = now
        if not self._waiters:
            if (lease := self._leave(tokens, now)) is not None:
                return self._pass(request, tokens, now, lease)
            self._hurry.set()  # those that come after the first are told of in their time
        waiter = Waiter(
            request, prompt_bytes, tokens, now, asyncio.get_running_loop().create_future()
        )
        self._waiters.append(waiter)
        self._keep_renewing()
        try:
            return await self._wait(waiter, patience_s)
        except BaseException:
            # Leave may have come at the same moment; nobody uses it.
            if waiter.leave.done() and not waiter.leave.cancelled():
                if waiter.leave.exception() is None:
                    waiter.leave.result().close()
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    async def _wait(self, waiter: Waiter, patience_s: float | None) -> Permit:
        if patience_s is None:
            return await waiter.leave
        while not waiter.leave.done():
            done, _ = await asyncio.wait((waiter.leave,), timeout=patience_s or _SHORTEST_S)
            if not done and not self.open:
                raise GateClosed
        return waiter.leave.result()

    def _tokens(self, request: Request, prompt_bytes: int) -> float:
        if self._terms.tpm is None and (self._lease is None or self._lease.tokens is None):
            return 0.0
        tokens = self._estimate.of(request, prompt_bytes)
        self._usual_tokens += 0.1 * (tokens - self._usual_tokens)
        return tokens

    def _leave(self, tokens: float, now: float) -> Lease | None:
        """The lease by which a request of so many tokens may go now, if it may."""
        lease = self._lease
        if lease is None or now >= self._valid_until or now < self._hold_until:
            return None
        if lease.down is not None:
            return lease if self._probes > 0 else None
        if self._in_flight >= (lease.slots if self._brake is None else self._brake):
            return None
        if lease.requests is not None and self._spent_requests + 1 > lease.requests:
            return None
        spent = self._spent_tokens + self._came_back
        if lease.tokens is not None and spent + tokens > lease.tokens + _ROUNDING:
            return None
        return lease

    def _pass(self, request: Request, tokens: float, now: float, lease: Lease) -> Permit:
        self._in_flight += 1
        self._spent_requests += 1
        self._spent_tokens += tokens
        if lease.down is not None:
            self._probes -= 1
        in_use = self._in_flight >= _IN_USE * lease.slots
        return Permit(self, request, tokens, now, epoch=lease.epoch, in_use=in_use)

    def pump(self) -> None:
        """Let in whoever may come in now, in the order of their coming."""
        now = self._clock()
        while self._waiters:
            first = self._waiters[0]
            # by what was learnt meanwhile
            first.tokens = self._tokens(first.request, first.prompt_bytes)
            if first.leave.done():
                self._waiters.popleft()
            elif (lease := self._leave(first.tokens, now)) is not None:
                self._waiters.popleft()
                first.leave.set_result(self._pass(first.request, first.tokens, now, lease))
            else:
                return

    # Going out.

    def answered(self, permit: Permit, reply: Reply) -> None:
        """A request brought a reply."""
        now = self._clock()
        took_s = now - permit.sent_at
        self._took_s += 0.1 * (took_s - self._took_s) if self._took_s else took_s
        lease, usage = self._lease, reply.usage
        sample = permit.in_use and lease is not None and permit.epoch == lease.epoch
        self._book.sent += 1
        self._book.answered(reply, took_s, sample=sample)
        if usage.prompt_tokens and lease is not None and lease.tokens is not None:
            self._estimate.learn(permit.request, usage)
            used = usage.prompt_tokens + usage.completion_tokens
            self._correct(used - permit.tokens)
        if lease is not None and lease.down is not None:
            self._hurry.set()

    def failed(self, permit: Permit, failure: EnvironmentalFailure) -> None:
        """A request brought none."""
        self._book.sent += 1
        wait_s = failure.retry_after_s
        if failure.hindrance is Hindrance.RATE_LIMITED or not failure.maybe_paid:
            self._correct(-permit.tokens)
        limited = failure.hindrance is Hindrance.RATE_LIMITED
        late = self._lease is None or permit.epoch != self._lease.epoch
        if self._book.failed(failure, permit.request.address, late=late) or limited:
            self._hurry.set()
        if wait_s is not None:
            self._hold(wait_s, self._clock())
        elif limited or failure.busy:
            self._brake = max(1, int(_BRAKE * (self._in_flight - 1)))
            self._braked_at = self._clock()

    def unused(self, permit: Permit) -> None:
        """Nothing was sent."""
        self._spent_requests -= 1
        self._spent_tokens -= permit.tokens

    def _correct(self, tokens: float) -> None:
        """So many more were spent than was thought."""
        self._spent_tokens += tokens
        self._came_back += max(0.0, -tokens)

    def left(self) -> None:
        """A request is over."""
        self._in_flight -= 1
        self._busy_at = self._clock()
        self.pump()

    def _hold(self, seconds: float, now: float) -> None:
        # The call that is told to wait for longer fails with it, and holds up nobody else.
        if seconds <= LONGEST_WAIT_S:
            self._hold_until = max(self._hold_until, now + seconds)

    # The lease.

    def _keep_renewing(self) -> None:
        if self._renewing is None:
            name = f"limits of {self._lane}"
            self._renewing = asyncio.create_task(self._renew_while_busy(), name=name)

    async def _renew_while_busy(self) -> None:
        try:
            while self.load or self._clock() - self._busy_at <= _IDLE_S:
                self._hurry.clear()
                renewed = await self._renew()
                self.pump()
                await self._nap(renewed)
            self._valid_until = 0.0
            await self._renew()  # with nothing to do: what it holds goes back
            self._lease = None
        except Exception as failure:
            broken = failure  # nobody may wait for what never comes
            self._fail_everybody(lambda _: broken)
        finally:
            self._renewing = None
        if self._waiters:
            self._keep_renewing()

    async def _renew(self) -> bool:
        """Tell what was seen and get the next lease; whether that worked."""
        now, came_back = self._clock(), self._came_back
        tally = self._book.take(max(0.0, self._hold_until - now))
        try:
            async with asyncio.timeout(_ANSWER_S):
                lease = await self._limiter.renew(self._report(tally, now))
        except (EnvironmentalFailure, TimeoutError):
            self._book.put_back(tally)
            return False
        self._came_back -= came_back
        self._take(lease, now)
        return True

    def _report(self, tally: Tally, now: float) -> Report:
        waiting = [w for w in self._waiters if not w.leave.done()]
        for waiter in waiting:
            waiter.tokens = self._tokens(waiter.request, waiter.prompt_bytes)
        ahead = tally.sent + 1 if self.load else 0
        return Report(
            lane=self._lane,
            terms=self._terms,
            holder=self._holder,
            in_flight=self._in_flight,
            waiting=len(waiting),
            waiting_s=now - waiting[0].since if waiting else 0.0,
            next_tokens=waiting[0].tokens if waiting else 0.0,
            wanted_requests=float(len(waiting) + ahead),
            wanted_tokens=sum(w.tokens for w in waiting) + ahead * self._usual_tokens,
            spent_requests=self._spent_requests,
            spent_tokens=self._spent_tokens,
            tally=tally,
            lease=self._lease,
        )

    def _take(self, lease: Lease, asked_at: float) -> None:
        before = self._lease
        if before is None or (before.life, before.epoch) != (lease.life, lease.epoch):
            self._book.limit_changed()
        self._lease = lease
        self._valid_until = asked_at + lease.valid_s
        self._hold(lease.hold_s, asked_at)
        if asked_at > self._braked_at:
            self._brake = None
        self._probes = int(lease.down is not None and lease.down.probe)
        if lease.down is not None and lease.down.given_up:
            down = lease.down
            self._fail_everybody(lambda request: self._outage(down, request))

    def _fail_everybody(self, failure_of: Callable[[Request], Exception]) -> None:
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.leave.done():
                waiter.leave.set_exception(failure_of(waiter.request))

    def _outage(self, down: Down, request: Request) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.OUTAGE,
            f"{self._lane} has been down for {down.for_s:.0f} s, as long as "
            f"'runtime.outage.give_up_after_s' waits; at the last: {down.why}",
            address=request.address,
        )

    async def _nap(self, renewed: bool) -> None:
        """Until it is time to renew the lease."""
        begun = self._clock()
        seconds = min(_LONGEST_S, max(_SHORTEST_S, self._took_s / _RENEWALS))
        lease = self._lease
        if not renewed or lease is None or not self.load:
            seconds = _LONGEST_S
        elif self._waiters and (
            lease.down is not None or self._in_flight < lease.slots or not lease.slots
        ):
            seconds = lease.more_in_s
        if begun < self._hold_until:
            seconds = min(seconds, self._hold_until - begun)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        # Many failures at once are told of together.
        await asyncio.sleep(max(0.0, begun + min(seconds, _GAP_S) - self._clock()))
