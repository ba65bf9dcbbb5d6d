"""Whether an endpoint is up: after many failures in a row it is left alone, and tried."""

from __future__ import annotations

from matrix_sim.config import OutageConfig
from matrix_sim.llm.limits.lease import Down, Trouble


class Breaker:
    """The state of one endpoint.

    A call that fails again and again while nobody else asks may be at fault itself, so an outage
    takes two calls, or that no connection comes about.
    """

    def __init__(self, outage: OutageConfig) -> None:
        self._outage = outage
        self._failures = 0
        self._calls: tuple[str, ...] = ()
        self._first_at = 0.0
        self._why = ""
        self._down_since: float | None = None
        self._probe_at = 0.0

    @property
    def down(self) -> bool:
        """Whether it is taken to be down."""
        return self._down_since is not None

    def down_s(self, now: float) -> float | None:
        """Seconds since the first failure in the row, while it is down."""
        return None if self._down_since is None else now - self._down_since

    @property
    def why(self) -> str:
        """What the last failure said."""
        return self._why

    def succeeded(self) -> None:
        """A call got its reply: it is up."""
        self._failures, self._calls, self._down_since = 0, (), None

    def saw(self, trouble: Trouble, now: float) -> None:
        """Failures, none of any other call succeeding since."""
        if not trouble.failures:
            return
        if not self._failures:
            self._first_at = now
        self._failures += trouble.failures
        self._calls = tuple(dict.fromkeys((*self._calls, *trouble.calls)))[:2]
        self._why = trouble.why
        enough = self._failures >= self._outage.after_failures
        if enough and not self.down and (trouble.unreached or len(self._calls) > 1):
            self._down_since = self._first_at
            self._probe_at = now + self._outage.probe_every_s

    def recalled(self, down: Down, now: float) -> None:
        """What a predecessor knew."""
        if not self.down:
            self._failures, self._why = self._outage.after_failures, down.why
            self._down_since, self._probe_at = now - down.for_s, now

    def ask(self, now: float, *, wants_probe: bool) -> Down | None:
        """How it is for whoever asks now; None: up."""
        if self._down_since is None:
            return None
        probe = wants_probe and now >= self._probe_at
        if probe:
            self._probe_at = now + self._outage.probe_every_s
        for_s = now - self._down_since
        return Down(for_s, self._why, probe, for_s >= self._outage.give_up_after_s)

    def next_probe_s(self, now: float) -> float:
        """Seconds until the next probe."""
        return max(0.0, self._probe_at - now)
