"""Requests and tokens by the minute: paced evenly, shared out by demand, corrected when known."""

from __future__ import annotations

from collections.abc import Mapping

_MINUTE_S = 60.0
_BURST = 0.01
"""Share of a minute's limit that may be spent at once."""
_EASING = 0.02
"""By how much the pace is taken back when the endpoint turns a request away all the same, for
others may use the same key. It comes back within a minute."""
_EASING_EVERY_S = 10.0
"""One refusal seldom comes alone: all of so many seconds count as one."""
_ON_TOP = 1.25
"""Room in a sliding minute for the one request, or bucketful, that comes on top; a quarter more,
for those that have leave and are not sent yet."""
_ROUNDING = 1e-9
"""By which sums of fractions may be off."""
_SHRINKING = 0.99
"""How fast the room for the largest request shrinks with each that is smaller."""
_SLOWEST = 0.5
"""Share of the pace below which it is not taken back: somebody else's use is no reason to stop."""


class Pace:
    """One limit by the minute, as what each holder may have spent since it began.

    A bucket that drips, and may run into debt: what is larger than all it holds is sent when it is
    full, and paid back before anything else is. A server's own bucket that holds at least as much
    and drips no slower then never turns a request away: it starts no emptier, and stays so. What
    comes in is shared out by demand; what a holder does not take goes to whoever asks.

    A window that slides over a minute sees one request, or one bucketful, on top of what comes in
    meanwhile, and so do those that were given leave and have not sent yet: the rate leaves room
    for that.
    """

    def __init__(self, per_minute: float, now: float, *, slack: float) -> None:
        """`slack` is the share of the limit that is left unused."""
        self._slack = slack
        self._at = now
        self._due: dict[str, float] = {}
        self._ease = 1.0
        self._eased_at = now
        self._largest = 1.0
        self.per_minute = per_minute
        self._spare = self.burst
        """What is nobody's in particular; below 0, what was spent in advance."""

    @property
    def burst(self) -> float:
        """What may be spent at once."""
        return max(1.0, _BURST * self.per_minute)

    @property
    def rate(self) -> float:
        """What comes in by the second."""
        on_top = _ON_TOP * max(self.burst, self._largest)
        steady = (1.0 - self._slack) * self.per_minute - on_top
        return self._ease * max(steady, self.per_minute / 2) / _MINUTE_S

    def turned_away(self, now: float) -> None:
        """The endpoint did not go along with this pace."""
        self._spare = min(self._spare, 0.0)
        if now >= self._eased_at + _EASING_EVERY_S:
            self._eased_at = now
            self._ease = max(_SLOWEST, self._ease - _EASING)

    def pass_time(self, now: float, demand: Mapping[str, float]) -> None:
        """Share out what has come in since the last time.

        Args:
            now: in seconds.
            demand: of each holder; those without any get nothing, and owe nothing.
        """
        passed, self._at = max(0.0, now - self._at), now
        self._ease = min(1.0, self._ease + _EASING * passed / _MINUTE_S)
        income, total = passed * self.rate, sum(demand.values())
        self._spare += sum(due for holder, due in self._due.items() if holder not in demand)
        self._due = {holder: self._due.get(holder, 0.0) for holder in demand}
        if not total:
            self._spare += income
        for holder, wanted in demand.items():
            share = wanted / total if total else 0.0
            due = self._due[holder] + income * share
            self._due[holder] = min(due, self.burst * share)
            self._spare += due - self._due[holder]
        self._settle()

    def may_take(self, amount: float) -> None:
        """Keep room for a request of this size: it is not sent by halves."""
        self._largest = max(1.0, amount, _SHRINKING * self._largest)

    def has(self, holder: str, least: float) -> bool:
        """Whether `holder` may have `least` now.

        There has to be enough in the bucket, and it has to be the holder's turn: one that has had
        more than its share waits until that is made up for.
        """
        return self._credit(holder) > 0 and self._level >= min(least, self.burst) - _ROUNDING

    def take(self, holder: str, wanted: float, least: float) -> float:
        """What `holder` gets of `wanted`: `least` at least, or nothing at all (see `has`)."""
        if wanted <= 0 or not self.has(holder, least):
            return 0.0
        taken = max(least, min(wanted, self._credit(holder), self._level))
        self.charge(holder, taken)
        return taken

    def charge(self, holder: str, amount: float) -> None:
        """A holder spends so much; below 0, it did not need what it was given."""
        self._due[holder] = self._due.get(holder, 0.0) - amount
        self._settle()

    def wait_s(self, holder: str, least: float, share: float) -> float:
        """Seconds until `holder` is likely to get `least`."""
        lacking = max(0.0, min(least, self.burst) - self._level)
        ahead = max(0.0, -self._credit(holder))
        return max(lacking / self.rate, ahead / max(self.rate * share, 1e-9))

    @property
    def _level(self) -> float:
        """What is in the bucket."""
        return self._spare + sum(self._due.values())

    def _credit(self, holder: str) -> float:
        """What a holder may have of it before others."""
        return self._due.get(holder, 0.0) + max(0.0, self._spare)

    def _settle(self) -> None:
        """What nobody claims makes up for what some have had in advance; the rest runs over."""
        for holder, due in self._due.items():
            paid = min(max(0.0, -due), max(0.0, self._spare))
            self._due[holder] = due + paid
            self._spare -= paid
        self._spare -= max(0.0, self._level - self.burst)
