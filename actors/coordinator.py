"""The coordinator: drives the clocks of all groups and gathers what they finish."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from actors.base import DeskActor
from actors.desk import Desk
from actors.handle import Handle
from actors.port import CoalescedPort
from actors.remote import RemoteGroups, RemoteStore
from matrix_sim.failpoints import Failpoints
from matrix_sim.llm.limits.lease import LaneStatus
from matrix_sim.society.simulation import Simulation, SimulationEnd
from matrix_sim.society.simulation_plan import SimulationPlan
from matrix_sim.society.tally import Tally
from matrix_sim.store.adapters import StoreLedger
from matrix_sim.store.writes import ReadProgress


@dataclass(frozen=True, slots=True)
class Status:
    """How far the coordinator is, for a progress display."""

    tally: Tally
    committed_ticks: int
    """Of all groups together, over all starts of the run."""
    horizon: int
    """Ticks that each group has to reach in this stage."""
    round: int
    endpoints: tuple[LaneStatus, ...] = ()
    """How the endpoints do, by the limiter."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Run the simulation to its end."""


class Coordinator(DeskActor):
    """Goes on from what the store holds, whether it is the first to hold this office or not."""

    def __init__(self, plan: SimulationPlan, groups: Mapping[int, Handle], store: Handle) -> None:
        """`groups[g]` is the actor that holds group g; several groups may share one."""
        self._desk = Desk(self._run)
        self._plan = plan
        self._store = RemoteStore(CoalescedPort(store))
        ports = {actor: CoalescedPort(actor) for actor in dict.fromkeys(groups.values())}
        self._groups = RemoteGroups([ports[groups[g]] for g in range(len(groups))])
        self._simulation: Simulation | None = None
        self._stopped = False

    async def _run(self, order: RunOrder) -> SimulationEnd:
        plan = self._plan
        progress = await self._store.submit(
            ReadProgress(len(plan.neighbours), plan.settings.window)
        )
        self._simulation = plan.simulation(
            self._groups,
            StoreLedger(self._store),
            progress,
            Failpoints.from_environment(os.environ),
        )
        if self._stopped:
            self._simulation.stop()
        return await self._simulation.run()

    async def status(self) -> Status | None:
        """How far it is; None before it has begun."""
        if self._simulation is None:
            return None
        stage = self._simulation.stage
        return Status(
            tally=replace(self._simulation.tally),
            committed_ticks=self._simulation.committed_ticks,
            horizon=stage.end,
            round=stage.round,
        )

    async def stop(self) -> None:
        """Grant nothing more; the order under way ends with `RunStopped` once all is home."""
        self._stopped = True
        if self._simulation is not None:
            self._simulation.stop()
