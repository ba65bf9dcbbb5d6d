"""From a society to its simulation: what a coordinator has to know, as one value that travels."""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.config import RuntimeConfig
from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.messages import Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.society.clock import Clock
from matrix_sim.society.contracts import Groups, Ledger, Progress
from matrix_sim.society.horizon import Horizon, horizon_of
from matrix_sim.society.simulation import Simulation, SimulationEnd, SimulationSettings
from matrix_sim.society.society import Society


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """How a society is to be played."""

    neighbours: tuple[tuple[int, ...], ...]
    """Per group, the groups that it sends to."""
    horizon: Horizon
    settings: SimulationSettings
    free_clock: bool = False
    """Let every group run without waiting for any other (for comparison, in benchmarks only)."""

    def simulation(
        self,
        groups: Groups,
        ledger: Ledger,
        progress: Progress,
        failpoints: Failpoints = NO_FAILPOINTS,
    ) -> Simulation:
        """The simulation that goes on from `progress`."""
        waits_for = ((),) * len(self.neighbours) if self.free_clock else self.neighbours
        return Simulation(
            neighbours=self.neighbours,
            clock=Clock(waits_for, self.settings.window, progress.committed),
            horizon=self.horizon,
            settings=self.settings,
            groups=groups,
            ledger=ledger,
            progress=progress,
            failpoints=failpoints,
        )

    def end(self, progress: Progress) -> SimulationEnd | None:
        """How a run with this progress has ended; None if something is left to do."""
        return self.simulation(_Nobody(), _Nobody(), progress).ended


def plan_of(
    society: Society, runtime: RuntimeConfig, *, free_clock: bool = False
) -> SimulationPlan:
    """The plan for a society."""
    settings = society.settings
    return SimulationPlan(
        neighbours=tuple(group.neighbours for group in society.groups),
        horizon=horizon_of(settings, len(society.groups)),
        settings=SimulationSettings(
            window=settings.scenario_window,
            min_actions=settings.min_actions,
            inbox_limit=settings.inbox_limit,
            tick_attempts=runtime.tick_attempts,
            scenarios=settings.scenarios,
        ),
        free_clock=free_clock,
    )


class _Nobody:
    """Stands where nothing may be asked: a simulation that is only looked at."""

    async def play(self, grant: Grant) -> TickReport:
        raise AssertionError(f"nobody plays {grant}")

    async def summarise(self, order: SummaryOrder) -> Scenario:
        raise AssertionError(f"nobody summarises {order}")

    async def commit_tick(self, report: TickReport) -> None:
        raise AssertionError(f"nobody commits {report}")

    async def commit_scenario(self, scenario: Scenario) -> None:
        raise AssertionError(f"nobody commits {scenario}")
