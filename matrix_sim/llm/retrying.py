"""Patience with an endpoint: exponential back-off with full jitter that honours Retry-After.

A gate that holds everybody back honours it for all; then a call waits no second time.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

from matrix_sim.config import RetryConfig
from matrix_sim.llm.contracts import (
    Course,
    EnvironmentalFailure,
    GateClosed,
    Hindrance,
    Permit,
    Reply,
    Request,
)
from matrix_sim.llm.lanes import Lane, choose_lane

Sleep = Callable[[float], Awaitable[object]]
"""`asyncio.sleep`, or the one of a virtual clock."""

LONGEST_WAIT_S = 600.0
"""An endpoint that asks for more has a limit by the hour or the day. Waiting for that would look
like a run that hangs, so the failure is raised at once; the run can be continued later."""


_ALL_DOWN_S = 5.0
"""Where all lanes are down, so long is waited for one until it is looked whether another is up."""


class Backoff:
    """How long to wait after a failure.

    The wait after the nth sending is drawn evenly from 0 to `first_wait_s` * 2^(n-1), at most
    `max_wait_s`. (Full jitter: many callers that failed together must not come back together.)
    """

    def __init__(self, config: RetryConfig, random: random.Random) -> None:
        self._config = config
        self._random = random

    def wait_s(self, sending: int) -> float:
        """Seconds to wait after the nth sending failed, on top of what the endpoint asks for."""
        # The exponent is bounded only so that it stays a number: 2.0 ** 1024 is none.
        ceiling = self._config.first_wait_s * 2.0 ** min(sending - 1, 64)
        return self._random.uniform(0.0, min(self._config.max_wait_s, ceiling))


class Retrying:
    """The lanes of a model, asked until one answers (`Backend`)."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        config: RetryConfig,
        *,
        sleep: Sleep,
        random: random.Random,
    ) -> None:
        """`lanes` lead to the same model: their identities are equal."""
        self._lanes = lanes
        self._config = config
        self._backoff = Backoff(config, random)
        self._sleep = sleep

    @property
    def identity(self) -> bytes:
        """The endpoint's identity: patience changes no reply."""
        return self._lanes[0].endpoint.identity

    async def answer(self, request: Request, course: Course) -> Reply:
        """The reply that came, or that the journal held.

        Raises:
            EnvironmentalFailure: the last one, with the request's address.
        """
        sendings = counted = 0
        failed: Lane | None = None
        left = list(self._lanes)
        while True:
            lane = choose_lane(left, request, failed)
            try:
                async with lane.gate.admit(
                    request, patience_s=self._patience_s(lane, left)
                ) as permit:
                    held = await course.reserve()
                    if held is not None:
                        return held
                    sendings += 1
                    outcome = await _sent(lane, request, sendings, permit)
                    course.sent(None if isinstance(outcome, Reply) else outcome)
            except GateClosed:
                left = list(self._lanes)
                continue
            except EnvironmentalFailure as failure:
                if failure.hindrance is not Hindrance.OUTAGE or len(left) == 1:
                    raise
                left.remove(lane)  # this one was waited for long enough; the others may be up
                continue
            if isinstance(outcome, Reply):
                return outcome
            if outcome.hindrance is Hindrance.STALE_CONNECTION:
                continue  # there are only so many that idled, and each is used up by this
            failed = lane
            # What an outage costs is not the call's fault, nor is what it cost to find it out.
            counted = counted + 1 if lane.gate.open else 0
            if counted >= self._config.attempts or not _worth_waiting(outcome):
                raise _told(outcome, request.address, sendings)
            await self._sleep(self._wait_s(lane, counted, outcome))
            if not lane.gate.open:
                counted = 0

    def _patience_s(self, lane: Lane, left: Sequence[Lane]) -> float | None:
        """How long to wait for a lane that is down: not at all, where another one left is up."""
        if len(self._lanes) == 1:
            return None
        others = [other for other in left if other is not lane]
        return 0.0 if any(other.gate.open for other in others) else _ALL_DOWN_S

    def _wait_s(self, lane: Lane, counted: int, failure: EnvironmentalFailure) -> float:
        asked = 0.0 if lane.gate.holds_back else failure.retry_after_s or 0.0
        return asked + self._backoff.wait_s(max(1, counted))


async def _sent(
    lane: Lane, request: Request, sending: int, permit: Permit
) -> Reply | EnvironmentalFailure:
    try:
        reply = await lane.endpoint.send(request, sending=sending)
    except EnvironmentalFailure as failure:
        permit.failed(failure)
        return failure
    permit.answered(reply)
    return reply


def _worth_waiting(failure: EnvironmentalFailure) -> bool:
    return failure.hindrance.passes and (failure.retry_after_s or 0.0) <= LONGEST_WAIT_S


def _told(failure: EnvironmentalFailure, address: str, sendings: int) -> EnvironmentalFailure:
    detail = failure.detail
    if failure.retry_after_s is not None and failure.retry_after_s > LONGEST_WAIT_S:
        detail += f" (it asks to wait {failure.retry_after_s:.0f} s)"
    if sendings > 1:
        detail += f" (sent {sendings} times)"
    return EnvironmentalFailure(
        failure.hindrance,
        detail,
        address=address or failure.address,
        retry_after_s=failure.retry_after_s,
        maybe_paid=failure.maybe_paid,
        busy=failure.busy,
    )
