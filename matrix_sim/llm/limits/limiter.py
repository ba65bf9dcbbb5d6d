"""The limits of all endpoints of a run, shared by whoever sends requests to them."""

from __future__ import annotations

import time
from collections.abc import Callable

from matrix_sim.llm.limits.lane_limits import LaneLimits
from matrix_sim.llm.limits.lease import LaneStatus, Lease, Report


class Limiter:
    """Gives out leases (`LimiterPort`).

    It holds nothing that is lost with it: one that takes its place learns from the first reports
    where its predecessor was.
    """

    def __init__(self, life: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`life` tells this limiter from those whose place it takes."""
        self._clock = clock
        self._life = life
        self._lanes: dict[str, LaneLimits] = {}

    async def renew(self, report: Report) -> Lease:
        """The next lease of a holder; the first report makes it one."""
        now = self._clock()
        lane = self._lanes.get(report.lane)
        if lane is None:
            lane = self._lanes[report.lane] = LaneLimits(self._life, report, now)
        return lane.renew(report, now)

    def status(self) -> tuple[LaneStatus, ...]:
        """How each endpoint does, by name."""
        now = self._clock()
        return tuple(self._lanes[name].status(now) for name in sorted(self._lanes))
