"""Counts replies over some round trips, to see whether far fewer come than before.

By their number, because what waits in a queue is long in coming back.
"""

from __future__ import annotations

from matrix_sim.llm.limits.refusals import Seen
from matrix_sim.llm.limits.samples import Took

_ROUND_TRIPS = 3.0
"""So long is counted: in one round trip, chance alone makes replies come in bunches."""
_SPREADS = 3.0
"""Standard deviations that chance is allowed."""


class Watch:
    """Replies while a limit was in use."""

    def __init__(self) -> None:
        self._replies = 0
        self._seconds = 0.0

    def restart(self) -> None:
        """Count from here."""
        self._replies, self._seconds = 0, 0.0

    def saw(self, seen: Seen) -> None:
        """Count on."""
        self._replies += seen.replies
        self._seconds += seen.seconds

    def lasted(self, took: Took, times: float = 1.0) -> bool:
        """Whether it is long enough for replies that take so long, or `times` as long."""
        return self._seconds >= _ROUND_TRIPS * took.seconds * max(1.0, times)

    def places(self, took: Took) -> float:
        """How many requests are served at once, if each takes so long: rather one too many."""
        at_most = self._replies + took.spread_of_counts(self._replies)
        return at_most / self._seconds * took.seconds

    def fell_short(self, took: Took, at_once: int) -> bool:
        """Whether not half as many came as `at_once` requests bring that take so long."""
        expected = self._seconds * at_once / took.seconds
        missing = expected - self._replies
        return missing >= max(expected / 2, _SPREADS * took.spread_of_counts(expected))
