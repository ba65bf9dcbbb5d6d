"""What travels between the gates of all processes and the limiter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from matrix_sim.config import OutageConfig
from matrix_sim.llm.limits.samples import NO_SAMPLES, Samples


@dataclass(frozen=True, slots=True)
class LaneTerms:
    """What the config says of an endpoint."""

    bound: int
    """Requests at once, at most."""
    fixed: bool
    """Whether `bound` is where it begins, and only being turned away lowers it."""
    rpm: int | None
    tpm: int | None
    outage: OutageConfig


@dataclass(frozen=True, slots=True)
class Announced:
    """What an endpoint's headers say of its limits."""

    rpm: float | None = None
    tpm: float | None = None
    hold_s: float | None = None
    """Until there is something left again, where nothing is."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Failures since the last success, of the kinds that an outage is made of."""

    failures: int = 0
    calls: tuple[str, ...] = ()
    """Whose; two at most."""
    unreached: bool = False
    """Whether no connection came about at the last."""
    why: str = ""


_NO_TROUBLE = Trouble()


@dataclass(frozen=True, slots=True)
class Tally:
    """What a gate saw since its last report."""

    samples: Samples = NO_SAMPLES
    """Of replies that were sent under the present limit, while it was in use."""
    sent: int = 0
    replies: int = 0
    rejected: int = 0
    """Turned away for being too many at once."""
    late: int = 0
    """Those among them that were sent under another limit than the present one."""
    paced_out: int = 0
    """Turned away for being too many by the minute."""
    succeeded: bool = False
    trouble: Trouble = _NO_TROUBLE
    hold_s: float = 0.0
    """How much longer the endpoint wants to be left alone."""
    announced: Announced | None = None


@dataclass(frozen=True, slots=True)
class Down:
    """An endpoint that does not answer."""

    for_s: float
    why: str
    probe: bool
    """Whether the holder may let one request through, to see."""
    given_up: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """What a holder may send, for a while."""

    life: str
    """Of the limiter: another one has forgotten what was before."""
    valid_s: float
    slots: int
    """Requests at once."""
    limit: int
    """The same over all holders."""
    epoch: int
    """Of that limit."""
    requests: float | None
    """Requests that may have been sent since the holder began; None: any number."""
    tokens: float | None
    """Likewise."""
    more_in_s: float
    """When asking again may bring more."""
    hold_s: float
    """Nothing is to be sent for so long."""
    down: Down | None
    rpm: float | None
    tpm: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a holder has done, and would like to."""

    lane: str
    terms: LaneTerms
    holder: str
    in_flight: int
    waiting: int
    waiting_s: float
    """How long the first of them has waited."""
    next_tokens: float
    """What the first of them will take."""
    wanted_requests: float
    """Those that wait, and about as many more as may come before the next report."""
    wanted_tokens: float
    """What these will take."""
    spent_requests: float
    """Since the holder began."""
    spent_tokens: float
    """Likewise; estimates of what is under way, what was used of the rest."""
    tally: Tally
    lease: Lease | None
    """The one that is to be renewed."""


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """How an endpoint does, for people."""

    name: str
    in_flight: int
    limit: int
    waiting: int
    rejected_share: float
    """Of all requests so far."""
    rpm: float | None
    tpm: float | None
    held_s: float
    down_s: float | None
    """Seconds that it has been down; None: it is up."""
    why: str
    probe_every_s: float


class LimiterPort(Protocol):
    """The limiter, here or in another process."""

    async def renew(self, report: Report) -> Lease:
        """A lease for what the report asks.

        Raises:
            EnvironmentalFailure: ACTOR_LOST; it may be asked again.
        """
        ...
