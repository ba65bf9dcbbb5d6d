"""The door of the stub's server: what it lets in at once and by the minute, and how it says no.

The rules may change while the server runs, so that a test can see how a client finds out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from matrix_sim.llm.stub.allowances import Allowance, Bucket, SlidingWindow
from matrix_sim.llm.stub.seconds import Seconds


class AdmissionRules(BaseModel):
    """What is let in."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    rpm: Annotated[int, Field(ge=1)] | None = None
    """Requests a minute."""
    tpm: Annotated[int, Field(ge=1)] | None = None
    """Tokens a minute."""
    count: Literal["actual", "reserved"] = "actual"
    """`actual`: the prompt's tokens when it comes, the reply's when it is made; `reserved`: the
    prompt's and `max_tokens` when it comes, and nothing is given back."""
    window: Literal["bucket", "sliding"] = "bucket"
    """`bucket`: an even flow with a burst; `sliding`: the last `window_s` seconds."""
    burst_s: Annotated[float, Field(gt=0, strict=False)] = 1.0
    """How many seconds' worth a bucket holds."""
    window_s: Annotated[float, Field(gt=0, strict=False)] = 60.0
    """Length of the sliding window; its share of the limits by the minute is what it allows."""
    headers: bool = True
    """Whether answers say what the limits are and what is left, and a 429 when to come again."""
    slots: Annotated[int, Field(ge=1)] = 64
    """Requests served at once."""
    over: Literal["queue", "reject"] = "queue"
    """What happens to more than these: they wait, or get a 429 that names no time."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away."""

    cause: Literal["requests", "tokens", "slots"]
    message: str
    retry_after_s: float | None


class Admission:
    """Lets requests in or turns them away, and counts both; in one event loop."""

    def __init__(self, rules: AdmissionRules, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._in_flight = 0
        self.change(rules)
        self.reset()

    @property
    def rules(self) -> AdmissionRules:
        """As they are now."""
        return self._rules

    def change(self, rules: AdmissionRules) -> None:
        """Go by other rules; allowances begin anew, as if nothing had been used."""
        self._rules = rules
        self._requests = self._allowance(rules.rpm)
        self._tokens = self._allowance(rules.tpm)

    def reset(self) -> None:
        """Count from zero again; what is in flight and what is used up stays."""
        self._accepted = 0
        self._rejected: Counter[str] = Counter()
        self._peak = self._in_flight
        self._seconds = Seconds(self._clock, self._in_flight)

    def admit(self, prompt_tokens: int, max_tokens: int) -> Refusal | None:
        """Let a request in, who then has to `leave`; or say why not."""
        units = prompt_tokens + (max_tokens if self._rules.count == "reserved" else 0)
        refusal = self._refusal(units)
        if refusal is not None:
            self._rejected[refusal.cause] += 1
            self._seconds.reject()
            return refusal
        if self._requests is not None:
            self._requests.take(1)
        self._use(units)
        self._accepted += 1
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)
        self._seconds.accept()
        return None

    def leave(self, reply_tokens: int) -> None:
        """One that was let in is over; its reply has so many tokens."""
        self._in_flight -= 1
        self._seconds.leave()
        if self._rules.count == "actual":
            self._use(reply_tokens)

    def headers(self) -> dict[str, str]:
        """What an answer says about the limits, as OpenAI names it."""
        if not self._rules.headers:
            return {}
        said: dict[str, str] = {}
        for kind, allowance in (("requests", self._requests), ("tokens", self._tokens)):
            if allowance is not None:
                said[f"x-ratelimit-limit-{kind}"] = str(allowance.limit)
                said[f"x-ratelimit-remaining-{kind}"] = str(allowance.left())
                said[f"x-ratelimit-reset-{kind}"] = duration(allowance.reset_s())
        return said

    def figures(self) -> dict[str, Any]:
        """What was counted, for JSON."""
        return {
            "rules": self._rules.model_dump(),
            "accepted": self._accepted,
            "rejected": dict(sorted(self._rejected.items())),
            "in_flight": self._in_flight,
            "peak_in_flight": self._peak,
            "seconds": self._seconds.as_list(),
        }

    def _allowance(self, limit: int | None) -> Allowance | None:
        if limit is None:
            return None
        if self._rules.window == "bucket":
            return Bucket(limit, self._clock, self._rules.burst_s)
        return SlidingWindow(limit, self._clock, self._rules.window_s)

    def _refusal(self, units: int) -> Refusal | None:
        rules = self._rules
        if rules.over == "reject" and self._in_flight >= rules.slots:
            return Refusal("slots", f"all {rules.slots} slots are taken", None)
        wait = self._requests.wait_s(1) if self._requests is not None else 0.0
        if wait:
            return self._limited("requests", rules.rpm, wait)
        wait = self._tokens.wait_s(units) if self._tokens is not None else 0.0
        return self._limited("tokens", rules.tpm, wait) if wait else None

    def _limited(
        self, cause: Literal["requests", "tokens"], limit: int | None, wait_s: float
    ) -> Refusal:
        message = f"Rate limit reached: {limit} {cause} per min. Please try again in {wait_s:.3f}s."
        return Refusal(cause, message, wait_s if self._rules.headers else None)

    def _use(self, tokens: int) -> None:
        self._seconds.count_tokens(tokens)
        if self._tokens is not None:
            self._tokens.take(tokens)


def retry_headers(wait_s: float) -> dict[str, str]:
    """When to come again: whole seconds, as HTTP wants them, and what OpenAI adds."""
    return {
        "Retry-After": str(math.ceil(wait_s)),
        "retry-after-ms": str(math.ceil(wait_s * 1000)),
    }


def duration(seconds: float) -> str:
    """As OpenAI writes it: `12ms`, `8.64s`, `6m0s`."""
    milliseconds = math.ceil(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}m{rest / 1000:g}s" if minutes else f"{rest / 1000:g}s"
