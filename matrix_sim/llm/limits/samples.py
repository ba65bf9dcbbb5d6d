"""What replies took, as sums that can be added up over processes."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Samples:
    """Sums over replies: of y, the logarithm of the seconds, and of x, that of the tokens.

    Logarithms, because latencies are about log-normal: one reply of ten minutes among many of
    ten seconds does not move their mean.
    """

    n: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0

    def __add__(self, other: Samples) -> Samples:
        return Samples(
            self.n + other.n,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.xy + other.xy,
            self.yy + other.yy,
        )

    @property
    def spread(self) -> tuple[float, float, float]:
        """Variance of x, covariance, variance of y."""
        mean_x, mean_y = self.x / self.n, self.y / self.n
        return (
            max(0.0, self.xx / self.n - mean_x * mean_x),
            self.xy / self.n - mean_x * mean_y,
            max(0.0, self.yy / self.n - mean_y * mean_y),
        )


NO_SAMPLES = Samples()


@dataclass(frozen=True, slots=True)
class Took:
    """How long a reply took at one level of concurrency, its length left out of account."""

    mean: float
    """Of the logarithm of the seconds."""
    variance: float
    """Of a single reply's."""
    n: int

    @property
    def seconds(self) -> float:
        """The mean itself, were it log-normal."""
        return math.exp(self.mean + self.variance / 2)

    def spread_of_counts(self, expected: float) -> float:
        """Standard deviation of how many replies come, where `expected` do, by this knowledge."""
        # Few replies show too little of their scatter.
        variance = (self.n * self.variance + _PRIOR_N * _PRIOR_VARIANCE) / (self.n + _PRIOR_N)
        return math.sqrt(expected * math.expm1(variance) + expected**2 * variance / self.n)

    def more_than(self, other: Took) -> tuple[float, float]:
        """By how much it took longer than `other`, in logarithms, and the standard error."""
        error = math.sqrt(self.variance / self.n + other.variance / other.n)
        return self.mean - other.mean, error

    def faded(self, most: int) -> Took:
        """The same, with the weight of at most `most` replies."""
        return self if self.n <= most else Took(self.mean, self.variance, most)

    def pooled(self, other: Took) -> Took:
        """Both together."""
        n = self.n + other.n
        share = self.n / n
        return Took(
            share * self.mean + (1 - share) * other.mean,
            share * self.variance + (1 - share) * other.variance,
            n,
        )


class LengthLine:
    """How latency goes with the length of replies: a slope between the two logarithms.

    Learnt within levels of concurrency, never across them; 0 where length explains little.
    """

    def __init__(self) -> None:
        self._xx = self._xy = self._yy = self._n = 0.0
        self._at: float | None = None

    @property
    def slope(self) -> float:
        """0 to 1."""
        if self._n < _LEARNT_FROM or self._xx <= 0.0 or self._yy <= 0.0:
            return 0.0
        if self._xy <= 0.0 or self._xy * self._xy < _EXPLAINS * self._xx * self._yy:
            return 0.0
        return min(1.0, self._xy / self._xx)

    def learn(self, samples: Samples) -> None:
        """Take in what one level has shown."""
        var_x, cov, var_y = samples.spread
        keep = _KEPT if self._n > _LEARNT_FROM else 1.0
        self._xx = keep * self._xx + samples.n * var_x
        self._xy = keep * self._xy + samples.n * cov
        self._yy = keep * self._yy + samples.n * var_y
        self._n = keep * self._n + samples.n
        if self._at is None:
            self._at = samples.x / samples.n

    def took(self, samples: Samples) -> Took:
        """What replies of the usual length took."""
        var_x, cov, var_y = samples.spread
        slope = self.slope
        longer = samples.x / samples.n - (self._at or 0.0) if slope else 0.0
        variance = var_y - 2 * slope * cov + slope * slope * var_x
        return Took(samples.y / samples.n - slope * longer, max(0.0, variance), samples.n)


_LEARNT_FROM = 24
"""Replies without which no line is drawn: fewer show one that is not there."""
_KEPT = 0.9
"""Weight of what was learnt before with each new round: questions change as a run goes on."""
_PRIOR_N, _PRIOR_VARIANCE = 12, 1.0
"""What is taken to have been seen before anything was: a dozen replies that scatter as those of
language models do (log-normal, sigma 1)."""
_EXPLAINS = 0.2
"""Share of the variance from which on length is taken to explain latency."""
