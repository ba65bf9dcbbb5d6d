"""Requests that were turned away for being too many: when that is a sign, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.llm.limits.samples import Samples

_OFTEN = 0.02
"""Share of requests that are turned away whatever the limit, from which on a single one is no
sign any more."""
_A_FEW = 3
"""So many must be turned away where single ones mean nothing."""
_MANY = 0.2
"""And such a share of what was sent, or thrice what is usual there."""
_MOST = 0.5
"""Half of what was sent is too much whatever is usual."""
_FORGOTTEN = 5000
"""Replies after which an endpoint that turned requests away may have become another."""
_MEMORY, _A_FIRST_LOOK = 100.0, 20.0
"""Requests over which that share is taken."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back since the last look."""

    epoch: int
    """Of the limit that the requests were sent under."""
    samples: Samples
    """Of replies that were sent while the limit was in use."""
    replies: int
    """All of them."""
    sent: int
    """Requests that were sent, those among them that were turned away."""
    rejected: int
    """Requests that were turned away for being too many."""
    late: int
    """Those among them that were sent before the limit was what it is."""
    seconds: float
    """How long that is ago."""
    in_flight: int
    """Requests that are under way now: the endpoint has taken them."""


class Refusals:
    """The memory of them."""

    def __init__(self) -> None:
        self.ceiling: int | None = None
        """The limit at which the endpoint turned requests away last; None: it does not do that."""
        self._step = 1
        self._turned_away = 0
        self._sent = 0
        self._since_fall = _FORGOTTEN
        self._background = 0.0
        self._requests = 0.0

    @property
    def known(self) -> bool:
        """Whether the endpoint turns requests away rather than let them queue."""
        return self._since_fall < _FORGOTTEN

    @property
    def fell_lately(self) -> bool:
        """Whether the last fall is less than a round ago."""
        return self.ceiling is not None and self._since_fall < self.ceiling

    def saw(self, seen: Seen, *, trial: bool) -> bool:
        """Count; whether the limit is too high.

        Some endpoints turn a few requests away at any limit. Those must not drive it to nothing,
        so what happens without a trial is remembered, and by then it takes more than one.
        """
        rejected = seen.rejected - seen.late
        self._turned_away += rejected
        self._sent += seen.sent - seen.late
        self._since_fall += seen.replies
        if not self.known:
            self.ceiling = None
        if not trial:
            self._requests = min(_MEMORY, self._requests + seen.sent)
            over = max(_A_FIRST_LOOK, self._requests)
            self._background += (seen.rejected - seen.sent * self._background) / over
        if not rejected:
            return False
        if self._background < _OFTEN:
            return True
        share = self._turned_away / max(self._sent, self._turned_away)
        return self._turned_away >= _A_FEW and share > min(_MOST, max(_MANY, 3 * self._background))

    def fell(self, limit: int) -> None:
        """The limit falls from `limit`."""
        self.ceiling, self._step, self._since_fall = limit, 1, 0

    def moved(self) -> None:
        """There is a new limit to look at."""
        self._turned_away = self._sent = 0

    def next_step(self) -> int:
        """How far the next trial goes: twice as far each time."""
        step, self._step = self._step, 2 * self._step
        return step

    def passed(self, limit: int) -> None:
        """The endpoint took `limit` at once."""
        if self.ceiling is not None and limit > 2 * self.ceiling:
            self.ceiling = None
