"""Patience with an endpoint: exponential back-off with full jitter that honours Retry-After."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from matrix_sim.config import RetryConfig
from matrix_sim.llm.contracts import Endpoint, EnvironmentalFailure, Reply, Request

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[object]]
"""`asyncio.sleep`, or the one of a virtual clock."""

LONGEST_WAIT_S = 600.0
"""An endpoint that asks for more has a limit by the hour or the day. Waiting for that would look
like a run that hangs, so the failure is raised at once; the run can be continued later."""


class Patience:
    """Sends until an answer comes or nothing is left to hope for.

    The wait after the nth sending is drawn evenly from 0 to `first_wait_s` * 2^(n-1), at most
    `max_wait_s`, on top of what the endpoint asked for. (Full jitter: many callers that failed
    together must not come back together.)
    """

    def __init__(self, config: RetryConfig, *, sleep: Sleep, random: random.Random) -> None:
        self._config = config
        self._sleep = sleep
        self._random = random

    async def answer(
        self, send: Callable[[int], Awaitable[T]], *, address: str = ""
    ) -> tuple[T, int]:
        """What `send` gives, called with 1, 2, ... until it does, and how often it was called.

        Raises:
            EnvironmentalFailure: the last one, with `address`, after `attempts` sendings or as
                soon as waiting cannot help.
        """
        sending = 1
        while True:
            try:
                return await send(sending), sending
            except EnvironmentalFailure as failure:
                if sending >= self._config.attempts or not _worth_waiting(failure):
                    raise _told(failure, address, sending) from None
                asked_for = failure.retry_after_s or 0.0
            await self._sleep(asked_for + self._jitter(sending))
            sending += 1

    def _jitter(self, sending: int) -> float:
        # The exponent is bounded only so that it stays a number: 2.0 ** 1024 is none.
        ceiling = self._config.first_wait_s * 2.0 ** min(sending - 1, 64)
        return self._random.uniform(0.0, min(self._config.max_wait_s, ceiling))


class Retrying:
    """An endpoint, asked until it answers (`Backend`)."""

    def __init__(
        self,
        endpoint: Endpoint,
        config: RetryConfig,
        *,
        sleep: Sleep,
        random: random.Random,
    ) -> None:
        self._endpoint = endpoint
        self._patience = Patience(config, sleep=sleep, random=random)

    @property
    def identity(self) -> bytes:
        """The endpoint's identity: patience changes no reply."""
        return self._endpoint.identity

    async def send(self, request: Request) -> tuple[Reply, int]:
        """The reply, and how often the request was sent for it.

        Raises:
            EnvironmentalFailure: the last one, with the request's address.
        """
        return await self._patience.answer(
            lambda sending: self._endpoint.send(request, sending=sending),
            address=request.address,
        )


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
    )
