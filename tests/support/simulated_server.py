"""A server of a model under virtual time: slots, a queue or none, limits by the minute."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable, Mapping

from matrix_sim.llm.contracts import (
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Reply,
    Request,
    Usage,
)

MINUTE_S = 60.0
_ROUNDING = 1e-6


class SimulatedServer:
    """An `Endpoint`. What it says of its limits goes to `on_headers`."""

    identity = b"simulated"

    def __init__(
        self,
        slots: int,
        *,
        rejects: bool = False,
        sigma: float = 0.0,
        mean_s: float = 1.0,
        seed: int = 0,
        limits: Limits | None = None,
        turned_away: float = 0.0,
        refusal_s: float = 0.0,
    ) -> None:
        """`turned_away` is the share of requests that are, whatever the load.

        A refusal takes `refusal_s` on average, one more and another less.
        """
        self._refusal_s = refusal_s
        self._turned_away = turned_away
        self.slots = slots
        self.rejects = rejects
        self.down: EnvironmentalFailure | None = None
        """What every request meets while it is set."""
        self._sigma = sigma
        self._mean_s = mean_s
        self._draw = random.Random(seed)
        self._limits = limits
        self._queue: deque[asyncio.Future[None]] = deque()
        self.busy = self.in_flight = self.most_in_flight = 0
        self.sent = self.rejected = self.replies = self.tokens = 0
        self.sent_at: list[float] = []
        self.on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None
        self._busy_s = self._in_flight_s = self._at = 0.0
        self._since = 0.0

    async def send(self, request: Request, *, sending: int) -> Reply:
        self.sent += 1
        self.sent_at.append(self._now())
        if self.down is not None:
            raise self.down
        if self._limits is not None:
            wait_s = self._limits.refuses(self._now(), round(request.prompt_bytes / 4))
            self.on_headers(self._limits.headers())
            if wait_s is not None:
                self.rejected += 1
                raise EnvironmentalFailure(
                    Hindrance.RATE_LIMITED, "limit reached", retry_after_s=wait_s, busy=True
                )
        by_lot = self._turned_away and self._draw.random() < self._turned_away
        if by_lot or (self.rejects and self.in_flight >= self.slots):
            self.rejected += 1
            if self._refusal_s:
                await asyncio.sleep(self._draw.uniform(0, 2 * self._refusal_s))
            raise EnvironmentalFailure(Hindrance.RATE_LIMITED, "too many", busy=True)
        self._count(in_flight=1)
        try:
            return await self._serve(request)
        finally:
            self._count(in_flight=-1)

    async def _serve(self, request: Request) -> Reply:
        if self.busy >= self.slots:
            place = asyncio.get_running_loop().create_future()
            self._queue.append(place)
            await place
        self._count(busy=1)
        try:
            await asyncio.sleep(self._takes_s())
        finally:
            self._count(busy=-1)
            self.let_in()
        tokens = max(1, round(200 * self._draw.lognormvariate(0, 0.3)))
        usage = Usage(round(request.prompt_bytes / 4), tokens)
        self.replies += 1
        self.tokens += usage.prompt_tokens + usage.completion_tokens
        if self._limits is not None:
            self._limits.used(self._now(), usage.completion_tokens)
        return Reply("はい。", "", Finish.STOP, "m", usage)

    def let_in(self) -> None:
        """Serve who waits, as far as there is room: due whenever `slots` was changed."""
        room = self.slots - self.busy
        while room > 0 and self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                room -= 1

    def _takes_s(self) -> float:
        factor = self._draw.lognormvariate(-self._sigma * self._sigma / 2, self._sigma)
        return self._mean_s * factor

    # What it saw.

    def begin(self) -> None:
        """Count from here."""
        self._count()
        self._since = self._now()
        self._busy_s = self._in_flight_s = 0.0
        self.sent = self.rejected = self.replies = self.tokens = 0

    @property
    def busy_share(self) -> float:
        """Mean share of its slots that were busy."""
        self._count()
        return self._busy_s / (self._now() - self._since) / self.slots

    @property
    def mean_in_flight(self) -> float:
        self._count()
        return self._in_flight_s / (self._now() - self._since)

    def _count(self, *, busy: int = 0, in_flight: int = 0) -> None:
        passed = self._now() - self._at
        self._at += passed
        self._busy_s += passed * min(self.busy, self.slots)
        self._in_flight_s += passed * self.in_flight
        self.busy += busy
        self.in_flight += in_flight
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class Limits:
    """Requests and tokens by the minute, as a server counts them: by what was really used."""

    def __init__(
        self, rpm: float, tpm: float, *, sliding: bool, bucket_s: float = MINUTE_S
    ) -> None:
        """A bucket holds what `bucket_s` bring; what is larger than that needs a full one."""
        self._most = (rpm, tpm)
        self._sliding = sliding
        held_s = MINUTE_S if sliding else bucket_s
        self._holds = [most * held_s / MINUTE_S for most in self._most]
        self._left = list(self._holds)
        self._at = 0.0
        self._seen: tuple[deque[tuple[float, float]], deque[tuple[float, float]]] = (
            deque(),
            deque(),
        )

    def refuses(self, now: float, tokens: int) -> float | None:
        """Counts a request and its prompt; seconds to wait, where it is one too many."""
        self._pass_time(now)
        if self._left[0] < 1 or self._left[1] < min(tokens, self._holds[1]) - _ROUNDING:
            return 1.0
        self._use(0, now, 1.0)
        self._use(1, now, tokens)
        return None

    def used(self, now: float, tokens: int) -> None:
        """Counts the tokens of a reply."""
        self._pass_time(now)
        self._use(1, now, tokens)

    def headers(self) -> Mapping[str, str]:
        names = ("requests", "tokens")
        return {
            name: value
            for what, most, left in zip(names, self._most, self._left, strict=True)
            for name, value in (
                (f"X-RateLimit-Limit-{what}", f"{most:.0f}"),
                (f"X-RateLimit-Remaining-{what}", f"{max(0, math.floor(left))}"),
            )
        }

    def _use(self, which: int, now: float, amount: float) -> None:
        self._left[which] -= amount
        if self._sliding:
            self._seen[which].append((now, amount))

    def _pass_time(self, now: float) -> None:
        passed, self._at = now - self._at, now
        for which, most in enumerate(self._most):
            if not self._sliding:
                filled = self._left[which] + most * passed / MINUTE_S
                self._left[which] = min(self._holds[which], filled)
                continue
            seen = self._seen[which]
            while seen and seen[0][0] <= now - MINUTE_S:
                self._left[which] += seen.popleft()[1]
