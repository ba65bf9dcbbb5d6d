"""What a server let in and turned away, second by second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

_KEPT = 3600


class _Second:
    """One second; what is in flight is added up over it."""

    def __init__(self, number: int, in_flight: int) -> None:
        self.number = number
        self.accepted = self.rejected = 0
        self.tokens = 0.0
        self.in_flight_seconds = 0.0
        self.peak = in_flight


class Seconds:
    """The last hour, in seconds since the beginning; the one that is under way comes last."""

    def __init__(self, clock: Callable[[], float], in_flight: int = 0) -> None:
        """`in_flight` came in before."""
        self._clock = clock
        self._begun = self._seen = clock()
        self._in_flight = in_flight
        self._seconds: deque[_Second] = deque([_Second(0, in_flight)], maxlen=_KEPT)

    def accept(self) -> None:
        """A request comes in."""
        second = self._now()
        second.accepted += 1
        self._in_flight += 1
        second.peak = max(second.peak, self._in_flight)

    def reject(self) -> None:
        """A request is turned away."""
        self._now().rejected += 1

    def leave(self) -> None:
        """A request that came in is over."""
        self._now()
        self._in_flight -= 1

    def count_tokens(self, tokens: float) -> None:
        """So many count against the limit."""
        self._now().tokens += tokens

    def as_list(self) -> list[dict[str, Any]]:
        """For JSON; of what is in flight, the mean and the most in each second."""
        self._now()
        return [
            {
                "second": s.number,
                "accepted": s.accepted,
                "rejected": s.rejected,
                "tokens": round(s.tokens),
                "in_flight": round(s.in_flight_seconds, 3),
                "peak_in_flight": s.peak,
            }
            for s in self._seconds
        ]

    def _now(self) -> _Second:
        now = self._clock()
        last = self._seconds[-1]
        end = self._begun + last.number + 1
        # After a pause of more than is kept, only the seconds that are kept are gone through.
        skipped = max(0, int(now - end) - _KEPT)
        while now >= end:
            last.in_flight_seconds += self._in_flight * (end - self._seen)
            self._seen = end + skipped
            last = _Second(last.number + 1 + skipped, self._in_flight)
            self._seconds.append(last)
            end, skipped = self._begun + last.number + 1, 0
        last.in_flight_seconds += self._in_flight * (now - self._seen)
        self._seen = now
        return last
