"""What a gate has seen since its last report."""

from __future__ import annotations

import math

from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance, Reply
from matrix_sim.llm.limits.lease import Announced, Tally, Trouble
from matrix_sim.llm.limits.samples import Samples

_SHORTEST_S = 1e-3
"""What a reply takes at least: the stub's take nothing, and that has no logarithm."""
_OUTAGE = frozenset({Hindrance.TIMEOUT, Hindrance.CONNECTION, Hindrance.SERVER})
"""Failures that an outage is made of."""


class TallyBook:
    """Adds up what becomes of requests; plain sums, for they are added up at every call."""

    def __init__(self) -> None:
        self._n = 0
        self._x = self._y = self._xx = self._xy = self._yy = 0.0
        self._clear()

    def _clear(self) -> None:
        self.sent = self.replies = self._rejected = self._late = self._paced_out = 0
        self._succeeded = False
        self._failures = 0
        self._calls: tuple[str, ...] = ()
        self._unreached = False
        self._why = ""
        self.announced: Announced | None = None

    def limit_changed(self) -> None:
        """What was sent under the last one says little of the one that holds from now on."""
        self._late = self._rejected
        self._n = 0
        self._x = self._y = self._xx = self._xy = self._yy = 0.0

    def answered(self, reply: Reply, took_s: float, *, sample: bool) -> None:
        """A reply came; `sample` is whether it says how the endpoint does at the limit."""
        self.replies += 1
        self._succeeded = True
        self._failures, self._calls = 0, ()
        if sample:
            x = math.log1p(reply.usage.completion_tokens)
            y = math.log(max(took_s, _SHORTEST_S))
            self._n += 1
            self._x += x
            self._y += y
            self._xx += x * x
            self._xy += x * y
            self._yy += y * y

    def failed(self, failure: EnvironmentalFailure, call: str, *, late: bool) -> bool:
        """None came; whether this is of the kind that an outage is made of.

        `late`: it was sent under another limit than the present one.
        """
        if failure.hindrance is Hindrance.STALE_CONNECTION:
            return False  # says nothing of the server
        if failure.hindrance is Hindrance.RATE_LIMITED or failure.busy:
            if failure.retry_after_s is None:
                self._rejected += 1
                self._late += late
            else:
                self._paced_out += 1
        if failure.hindrance not in _OUTAGE:
            if failure.hindrance is not Hindrance.RATE_LIMITED:
                self._succeeded = True  # it answers, if only that the request is wrong
            return False
        self._failures += 1
        if call not in self._calls and len(self._calls) < 2:
            self._calls = (*self._calls, call)
        self._unreached = failure.hindrance is Hindrance.CONNECTION
        self._why = failure.detail
        return True

    def take(self, hold_s: float) -> Tally:
        """All of it, and begin anew."""
        trouble = Trouble(self._failures, self._calls, self._unreached, self._why)
        tally = Tally(
            samples=Samples(self._n, self._x, self._y, self._xx, self._xy, self._yy),
            sent=self.sent,
            replies=self.replies,
            rejected=self._rejected,
            late=self._late,
            paced_out=self._paced_out,
            succeeded=self._succeeded,
            trouble=trouble if self._failures else Trouble(),
            hold_s=hold_s,
            announced=self.announced,
        )
        self._clear()
        self.limit_changed()
        return tally

    def put_back(self, tally: Tally) -> None:
        """A report did not arrive: what matters of it is told with the next."""
        self.sent += tally.sent
        self.replies += tally.replies
        self._rejected += tally.rejected
        self._late += tally.late
        self._paced_out += tally.paced_out
        self.announced = self.announced or tally.announced
        if not self._succeeded:
            trouble = tally.trouble
            self._failures += trouble.failures
            self._calls = tuple(dict.fromkeys((*trouble.calls, *self._calls)))[:2]
            self._unreached = self._unreached or trouble.unreached
            self._why = self._why or trouble.why
        self._succeeded = self._succeeded or tally.succeeded
