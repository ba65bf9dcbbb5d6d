"""How many requests at once an endpoint can take, found out from what it does with them.

Hill climbing in rounds. A round is about one round trip: as many replies as requests may be
under way, of those that were sent while the limit was in use. By Little's law the throughput at
a limit c is c / R, R being what a reply takes; so from one level to another throughput grows
with the elasticity 1 - log(R'/R) / log(c'/c): 1 as long as the endpoint has room, 0 where
requests only queue. Levels double while that is worth it. An endpoint that turns requests away
says it more plainly: then the limit falls to what it took, and goes up again in small steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from matrix_sim.llm.limits.refusals import Refusals, Seen
from matrix_sim.llm.limits.samples import LengthLine, Samples, Took
from matrix_sim.llm.limits.watch import Watch

FIRST = 4
"""Where it begins: what a laptop's server takes without a queue to speak of."""
_WORTH_IT = 0.2
"""Elasticity from which on more at once is better. Batching servers slow each reply down long
before they are full, so it is well below 1."""
_CLEAR = 0.5
"""Elasticity that is so far above that a trial need not be seen to its end."""
_STEP = 2.0
"""From level to level: large enough to be told from chance by a few dozen replies."""
_FINE_STEP = 1.5
"""Where latencies hardly scatter, smaller steps can be told apart too."""
_SCATTER = 0.1
"""Variance (of logarithms) of latencies above which only the large step can be told apart."""
_ROUND = 8
"""Replies that a round has at least."""
_LONGEST_TRIAL = 3
"""Rounds after which a trial is judged as it stands."""
_ENOUGH = 32
"""Replies that a trial has at least before it is judged as it stands."""
_SURE = 0.25
"""Standard error (of logarithms) with which a level counts as known."""
_QUEUED = math.log(1.25)
"""So much longer than at the best level, and a lower limit is worth a trial."""
_IN_USE = 0.8
"""Share of the limit in flight below which few replies say nothing of the endpoint."""
_FURTHEST, _ROOM = 8, 1.25
"""At a shock: to an eighth at most, in case it passes; and a quarter above what seems to be
served, for an estimate that is too low would be believed for long."""
_FIRST_HOLD = 3
"""Rounds until the next trial after one that changed something: it may change again."""
_LONGEST_HOLD = 6
"""The same after trials that changed nothing: a trial costs a round at a worse limit."""
_LONGEST_HOLD_REJECTING = 10
"""The same where a trial that goes too far has requests turned away."""
_MEMORY = 128
"""Replies by which a level is known, at most: what is older fades."""
_LONG_QUEUE = math.log(1.6)
"""So much longer than at the best level, and requests wait more than they need to keep it full."""
_CONTENT = 12
"""Rounds for which a limit that is full, with few waiting, is left alone."""
_RELIEF = math.log(1.3)
"""So much shorter than before, and the endpoint has become another: it may take more."""
_NO_QUEUE = 0.8
"""Elasticity from which on nothing queued at either level."""
_CUT = 0.75
"""What is left of the limit when what was accepted before is turned away as well."""


@dataclass(frozen=True, slots=True)
class _Level:
    limit: int
    took: Took


def _elasticity(one: _Level, other: _Level) -> tuple[float, float]:
    """How throughput goes with the limit between two levels, and the standard error of that."""
    ratio = math.log(other.limit / one.limit)
    longer, error = other.took.more_than(one.took)
    return 1.0 - longer / ratio, error / abs(ratio)


class Concurrency:
    """The limit of one endpoint."""

    def __init__(self, bound: int, *, start: int = FIRST, fixed: bool = False) -> None:
        """`bound` is never passed; `start` is where it begins.

        With `fixed`, only being turned away lowers it.
        """
        self._bound = bound
        self._fixed = fixed
        self.limit = min(bound, start)
        self.epoch = 0
        """Counts the changes of the limit."""
        self._line = LengthLine()
        self._tally = Samples()
        """What was seen at this limit, once it had its effect."""
        self._skip = 0
        """Replies still to come that were sent before it had."""
        self._early = Samples()
        """These."""
        self._base: _Level | None = None
        """The level that a trial is compared with, and returns to."""
        self._best: Took | None = None
        """What replies take where nothing queues, as far as is known."""
        self._trial = 0
        """1: a higher limit than the base's is tried, -1: a lower one, 0: none."""
        self._climbing = True
        """Whether the next trial follows at once."""
        self._watch = Watch()
        self._sinking = False
        """Whether it has just gone down because far fewer replies came."""
        self._rest = 0
        """Replies until the next trial."""
        self._hold = _FIRST_HOLD
        self._last_trial = 1
        self._refusals = Refusals()
        self._taken = 1
        """What the endpoint took for certain, before the last fall."""

    def observe(self, seen: Seen) -> None:
        """Take in what came back, and move the limit where that says so."""
        current = seen.epoch == self.epoch
        if current and self._refusals.saw(seen, trial=self._trial != 0):
            self._fall(seen.in_flight)
            return
        if seen.late or (seen.rejected and not current):
            self._fall_further(seen.in_flight)
        if not current:
            return
        if self._shocked(seen):
            return
        self._rest -= seen.replies
        if self._skip > 0:
            self._skip -= seen.samples.n
            self._early += seen.samples
            self._give_up_early()
            return
        self._tally += seen.samples
        if self._tally.n < self._round:
            return
        if self._trial:
            self._judge()
        else:
            self._settle()

    @property
    def _outspoken(self) -> bool:
        """Whether being turned away is what tells that the limit is too high."""
        return self._fixed or self._refusals.known

    @property
    def _round(self) -> int:
        return max(self.limit, _ROUND)

    # At rest.

    def _settle(self) -> None:
        took = self._line.took(self._tally)
        if self._base is None or self._base.limit != self.limit:
            rounds = self._tally.n / self._round
            if math.sqrt(took.variance / took.n) > _SURE and rounds < _LONGEST_TRIAL:
                return
            self._base = _Level(self.limit, took)
            self._best = self._best or took
        else:
            longer, error = took.more_than(self._base.took)
            if longer < -_RELIEF and longer < -3 * error:
                self._base = _Level(self.limit, took)
                self._best, self._climbing, self._hold = took, True, _FIRST_HOLD
            else:
                self._base = _Level(self.limit, self._base.took.pooled(took).faded(_MEMORY))
        self._learn()
        if self._climbing or self._rest <= 0:
            self._try_another()

    def _learn(self) -> None:
        self._line.learn(self._tally)
        self._tally = Samples()

    def _try_another(self) -> None:
        base = self._known_base
        step = _STEP if base.took.variance > _SCATTER else _FINE_STEP
        longer, unsure = base.took.more_than(self._best or base.took)
        lower = max(FIRST, int(base.limit / step))
        if longer - 1.5 * unsure > _QUEUED and not self._outspoken and not self._climbing:
            too_many = longer > _LONG_QUEUE
            if not too_many and self._last_trial:
                # Full, and few wait: good as it is. To be looked at again all the same, because
                # replies may take longer than they used to.
                self._last_trial, self._rest = 0, _CONTENT * self._round
                return
            if too_many and self._last_trial >= 0 and lower < base.limit:
                self._trial = self._last_trial = -1
                self._move(lower)
                return
        self._last_trial = 1
        higher = math.ceil(base.limit * (_STEP if self._climbing else step))
        if self._refusals.ceiling is not None:
            higher = self.limit + self._refusals.next_step()
        if min(higher, self._bound) > self.limit:
            self._trial = 1
            self._move(min(higher, self._bound))
        else:
            self._climbing, self._rest = False, self._hold * self._round

    # A trial.

    def _judge(self) -> None:
        base, took = self._known_base, self._line.took(self._tally)
        small = self.limit < _FINE_STEP * base.limit and self.limit < self._bound
        if small and self._trial > 0 and self._refusals.ceiling is not None:
            # Too small a step to tell by the latency; that nobody was turned away is enough.
            self._learn()
            self._try_another()
            return
        elasticity, error = _elasticity(base, _Level(self.limit, took))
        long_enough = self._tally.n >= max(_LONGEST_TRIAL * self._round, _ENOUGH)
        doubt = 1.5 if self._trial < 0 else 1.0
        if self._outspoken and elasticity + 2 * error > _WORTH_IT:
            elasticity = max(elasticity, _CLEAR)  # where it takes too many, it says so
        sure = abs(elasticity - _WORTH_IT) > doubt * error or long_enough
        if not sure and not (self._climbing and elasticity > _CLEAR):
            return
        self._learn()
        if self._trial > 0:
            self._rose(took, elasticity)
        else:
            self._sank(took, elasticity)

    def _give_up_early(self) -> None:
        """What comes back first has waited less than what follows: if that is bad, all is."""
        base = self._base
        if self._trial <= 0 or base is None or self._outspoken or self._early.n < _ROUND:
            return
        early = _Level(self.limit, self._line.took(self._early))
        elasticity, error = _elasticity(base, early)
        if elasticity + 1.5 * error < _WORTH_IT:
            self._rose(early.took, elasticity)

    def _rose(self, took: Took, elasticity: float) -> None:
        if elasticity < _WORTH_IT:
            self._trial = 0
            self._return()
            return
        if self._best is not None and elasticity > _NO_QUEUE:
            took = took.pooled(self._known_base.took).faded(_MEMORY)
            self._best = took
        self._base = _Level(self.limit, took)
        longer = took.mean - (self._best or took).mean
        self._climbing = elasticity > _CLEAR or longer < _LONG_QUEUE or self._outspoken
        self._trial, self._hold, self._rest = 0, _FIRST_HOLD, 0
        self._refusals.passed(self.limit)
        self._try_another()

    def _sank(self, took: Took, elasticity: float) -> None:
        self._trial = 0
        if elasticity >= _WORTH_IT:
            if elasticity > _NO_QUEUE:
                self._best = took  # nothing queued: replies take longer than they used to
            self._return()
            return
        self._base = _Level(self.limit, took)
        if self._best is not None and took.mean < self._best.mean:
            self._best = took.pooled(self._best)
        self._hold, self._rest = _FIRST_HOLD, self._round

    def _return(self) -> None:
        """Back to the base, for longer each time."""
        self._climbing = False
        self._move(self._known_base.limit)
        self._rest = self._hold * self._round
        rejecting = self._refusals.ceiling is not None
        self._hold = min(2 * self._hold, _LONGEST_HOLD_REJECTING if rejecting else _LONGEST_HOLD)

    # Down at once.

    def _fall(self, accepted: int) -> None:
        again = self._trial == 0 and self._refusals.fell_lately
        target = int(accepted * _CUT) if again else accepted
        target = max(1, min(target, self.limit - 1))
        base = self._base
        self._taken = base.limit if base is not None and self._trial > 0 else 1
        target = max(target, self._taken)
        if base is not None:
            self._base = _Level(target, base.took)
        self._refusals.fell(self.limit)
        self._trial, self._climbing = 0, False
        self._move(target)
        if again:
            self._hold = _FIRST_HOLD  # below what it takes, rather: to be seen soon
        self._rest = self._hold * self._round
        self._hold = min(2 * self._hold, _LONGEST_HOLD_REJECTING)

    def _fall_further(self, accepted: int) -> None:
        """More requests from before the last fall were turned away than were known of by then."""
        target = max(self._taken, accepted)
        if self._refusals.fell_lately and target < self.limit:
            if self._base is not None:
                self._base = _Level(target, self._base.took)
            self._move(target)

    def _shocked(self, seen: Seen) -> bool:
        """Whether far fewer replies come than did: fewer places, or harder questions."""
        base, best = self._base, self._best
        unused = seen.in_flight < _IN_USE * self.limit
        if best is None or unused or self._outspoken:
            self._watch.restart()
            return False
        self._watch.saw(seen)
        if self._sinking:  # look again: half of the first look was at the time before
            if not self._watch.lasted(best):
                return False
            self._sinking = False
            places = self._watch.places(best)
            if self.limit < 2 * places:
                return False
        else:
            if base is None or not self._watch.lasted(base.took, self.limit / base.limit):
                return False
            places = self._watch.places(best)
            if not self._watch.fell_short(base.took, min(self.limit, base.limit)):
                self._watch.restart()
                return False
            self._base, self._sinking = None, True
        self._sink(places)
        return True

    def _sink(self, places: float) -> None:
        self._trial, self._climbing, self._last_trial, self._hold = 0, False, 1, _FIRST_HOLD
        target = int(max(self.limit / _FURTHEST, _ROOM * places))
        self._move(min(self.limit, max(FIRST, target)))
        self._rest = 0

    def _move(self, limit: int) -> None:
        self.limit = limit
        self.epoch += 1
        self._tally = self._early = Samples()
        # Where too many is said, and at once, there is nothing to wait for.
        self._skip = 0 if self._outspoken else limit
        self._refusals.moved()
        self._watch.restart()

    @property
    def _known_base(self) -> _Level:
        if self._base is None:
            raise AssertionError("a trial begins from a level that is known")
        return self._base
