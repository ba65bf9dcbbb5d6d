"""Faults on purpose, by rate.

Environmental faults are drawn per sending, so that a retry may get through; outcome faults
per attempt only: what is committed must never depend on how often something was sent (S3).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from enum import StrEnum

from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.draws import Draws


class Fault(StrEnum):
    """What can go wrong at the stub, by its name in the config."""

    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    TIMEOUT = "timeout"
    DISCONNECT = "disconnect"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    EMPTY = "empty"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    BROKEN_BODY = "broken_body"
    NULL_CONTENT = "null_content"


# New ones come last: a draw goes through the rates in this order, and old rates keep their draws.
ENVIRONMENTAL = (
    Fault.RATE_LIMITED,
    Fault.SERVER,
    Fault.TIMEOUT,
    Fault.DISCONNECT,
    Fault.UNAVAILABLE,
    Fault.BROKEN_BODY,
)
OUTCOME = (Fault.TRUNCATED, Fault.MALFORMED, Fault.EMPTY, Fault.REFUSED, Fault.NULL_CONTENT)
PAID = (Fault.TIMEOUT, Fault.DISCONNECT, Fault.BROKEN_BODY)
"""Environmental faults that come after the work: the reply was made, and did not arrive."""


class FaultPlan:
    """Which call meets which fault: a function of the seed and the call.

    Raises:
        UsageError: an unknown name, a rate outside 0 to 1, or rates of one family above 1 in all.
    """

    def __init__(self, seed: int, rates: Mapping[str, float]) -> None:
        for name, rate in rates.items():
            if name not in set(Fault):
                raise UsageError(_unknown(name))
            if not 0 <= rate <= 1:
                raise UsageError(f"stub fault '{name}': rate {rate} is not between 0 and 1")
        self._seed = seed
        self._environmental = _family(ENVIRONMENTAL, rates)
        self._outcome = _family(OUTCOME, rates)
        self.outcome_rates = {fault.value: rate for fault, rate in self._outcome}
        """The rates that decide replies, without zeros."""

    def environmental(self, address: str, attempt: int, sending: int) -> Fault | None:
        """What keeps this sending from getting a reply, if anything does."""
        if not self._environmental:
            return None
        return _drawn(self._environmental, Draws(self._seed, "weather", address, attempt, sending))

    def outcome(self, address: str, attempt: int) -> Fault | None:
        """What is wrong with the reply to this attempt, if anything is."""
        if not self._outcome:
            return None
        return _drawn(self._outcome, Draws(self._seed, "outcome", address, attempt))

    def names_wait(self, address: str, attempt: int, sending: int) -> bool:
        """Whether a rate limit says how long to wait: every other one does."""
        return Draws(self._seed, "retry-after", address, attempt, sending).chance(0.5)

    def cuts_body(self, address: str, attempt: int, sending: int) -> bool:
        """Whether a server that hangs up does so in the middle of its answer: every other time."""
        return Draws(self._seed, "hang-up", address, attempt, sending).chance(0.5)


def _family(
    faults: tuple[Fault, ...], rates: Mapping[str, float]
) -> tuple[tuple[Fault, float], ...]:
    family = tuple((fault, float(rates[fault])) for fault in faults if rates.get(fault))
    if sum(rate for _, rate in family) > 1 + 1e-9:
        names = ", ".join(f"{fault} {rate:g}" for fault, rate in family)
        raise UsageError(f"stub faults {names} add up to more than 1; a call meets one at a time")
    return family


def _drawn(family: tuple[tuple[Fault, float], ...], draws: Draws) -> Fault | None:
    left = draws.unit()
    for fault, rate in family:
        left -= rate
        if left < 0:
            return fault
    return None


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, list(Fault), 1, cutoff=0.4)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"unknown stub fault '{name}'{hint} Known are: {', '.join(Fault)}"
