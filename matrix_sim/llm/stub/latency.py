"""How long the stub takes to answer: a function of the call, never of the moment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.draws import Draws

_FORMS = "'fixed:SECONDS' (such as fixed:0.2) or 'lognormal:MEAN:SIGMA' (such as lognormal:0.2:1.0)"
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class Latency:
    """Log-normal around `mean`; with `sigma` 0, always `mean`."""

    mean: float
    """Mean of the latency itself, in seconds."""
    sigma: float = 0.0
    """Standard deviation of its logarithm."""

    @property
    def none(self) -> bool:
        """Whether there is nothing to wait for, ever."""
        return self.mean == 0.0

    def draw(self, seed: int, address: str, attempt: int, sending: int) -> float:
        """Seconds that this sending of this call takes."""
        if self.sigma == 0.0:
            return self.mean
        z = _STANDARD.inv_cdf(Draws(seed, "latency", address, attempt, sending).unit())
        return self.mean * math.exp(self.sigma * z - self.sigma * self.sigma / 2)


def parse_latency(text: str) -> Latency:
    """Read `fixed:SECONDS` or `lognormal:MEAN:SIGMA`.

    Raises:
        UsageError: it is neither.
    """
    form, *numbers = text.strip().split(":")
    try:
        values = [float(n) for n in numbers]
    except ValueError:
        values = []
    if all(math.isfinite(v) and v >= 0 for v in values):
        if form == "fixed" and len(values) == 1:
            return Latency(values[0])
        if form == "lognormal" and len(values) == 2 and values[0] > 0:
            return Latency(*values)
    raise UsageError(f"stub latency '{text}' is not understood; write {_FORMS}")
