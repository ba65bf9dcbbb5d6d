"""How much a minute allows, by the two methods that real endpoints count with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

_ROUNDING = 1e-9


class Allowance(Protocol):
    """So many units (requests, or tokens) a minute.

    A request that alone wants more than there can ever be is let in when nothing else is used.
    """

    limit: int
    """Units a minute."""

    def wait_s(self, units: float) -> float:
        """Seconds until `units` fit; 0 where they do."""
        ...

    def take(self, units: float) -> None:
        """Use them up, whether they fit or not: a reply is as long as it is."""
        ...

    def left(self) -> int:
        """Units that fit now."""
        ...

    def reset_s(self) -> float:
        """Seconds until everything fits again, if nothing more is used."""
        ...


class Bucket:
    """Tokens that drip in evenly; what `burst_s` bring can be used at once, and no more."""

    def __init__(self, limit: int, clock: Callable[[], float], burst_s: float) -> None:
        self.limit = limit
        self._rate = limit / 60
        self._most = max(1.0, self._rate * burst_s)
        self._level = self._most
        self._clock = clock
        self._filled_at = clock()

    def wait_s(self, units: float) -> float:
        """See `Allowance`."""
        self._fill()
        return max(0.0, min(units, self._most) - self._level - _ROUNDING) / self._rate

    def take(self, units: float) -> None:
        """See `Allowance`."""
        self._fill()
        self._level -= units

    def left(self) -> int:
        """See `Allowance`."""
        self._fill()
        return max(0, int(self._level))

    def reset_s(self) -> float:
        """See `Allowance`."""
        self._fill()
        return (self._most - self._level) / self._rate

    def _fill(self) -> None:
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._filled_at) * self._rate)
        self._filled_at = now


class SlidingWindow:
    """What the last `window_s` seconds used; a whole window's worth may be used at once."""

    def __init__(self, limit: int, clock: Callable[[], float], window_s: float = 60.0) -> None:
        self.limit = limit
        self._most = limit * window_s / 60
        self._window_s = window_s
        self._clock = clock
        self._uses: deque[tuple[float, float]] = deque()
        self._used = 0.0

    def wait_s(self, units: float) -> float:
        """See `Allowance`."""
        now = self._forget()
        excess = self._used + min(units, self._most) - self._most
        for at, used in self._uses:
            if excess <= 0:
                break
            excess -= used
            wait = at + self._window_s - now
            if excess <= 0:
                return wait
        return 0.0

    def take(self, units: float) -> None:
        """See `Allowance`."""
        self._uses.append((self._forget(), units))
        self._used += units

    def left(self) -> int:
        """See `Allowance`."""
        self._forget()
        return max(0, int(self._most - self._used))

    def reset_s(self) -> float:
        """See `Allowance`."""
        now = self._forget()
        return self._uses[-1][0] + self._window_s - now if self._uses else 0.0

    def _forget(self) -> float:
        now = self._clock()
        while self._uses and self._uses[0][0] <= now - self._window_s:
            self._used -= self._uses.popleft()[1]
        if not self._uses:
            self._used = 0.0  # free of what rounding left
        return now
