"""Groups that do what a test says, under the real simulation and on a real store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    Envelope,
    Grant,
    PlanEffect,
    Scenario,
    SummaryOrder,
    TickReport,
)
from matrix_sim.society.clock import Clock
from matrix_sim.society.horizon import FixedHorizon, Horizon
from matrix_sim.society.simulation import Simulation, SimulationSettings
from matrix_sim.store.adapters import StoreChannel, StoreLedger
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore

WINDOW = 3
Graph = tuple[tuple[int, ...], ...]


def report(
    grant: Grant, *, acts: int = 2, sends_to: tuple[int, ...] = (), quiescent: bool = False
) -> TickReport:
    """What comes of a tick in which `acts` agents act and each target gets one envelope."""
    actions = [
        Action(grant.tick, grant.group, 10 * grant.group + number, ActionKind.PLAN, "本を読む")
        for number in range(acts)
    ]
    steps = tuple(
        AgentStep(action, ActionKind.PLAN, (), PlanEffect.KEEP, None, not quiescent)
        for action in actions
    )
    return TickReport(
        group=grant.group,
        tick=grant.tick,
        round=grant.round,
        steps=steps,
        inbox=grant.inbox,
        deliveries=(),
        envelopes=tuple(Envelope(target, 0, actions[0], "誰か") for target in sends_to),
        quiescent=quiescent,
        inbox_cut=grant.cut,
    )


@dataclass
class ScriptedGroups:
    """Every group plays by one script; what they were asked is kept."""

    script: Callable[[Grant], TickReport]
    grants: list[Grant] = field(default_factory=list)
    orders: list[SummaryOrder] = field(default_factory=list)

    async def play(self, grant: Grant) -> TickReport:
        self.grants.append(grant)
        return self.script(grant)

    async def summarise(self, order: SummaryOrder) -> Scenario:
        self.orders.append(order)
        return Scenario(order.window, order.group, (), "まとめ")


def simulation(
    graph: Graph,
    groups: ScriptedGroups,
    store: RunStore,
    *,
    horizon: Horizon | None = None,
    scenarios: int | None = None,
    tick_attempts: int = 3,
    failpoints: Failpoints = NO_FAILPOINTS,
    channel: Callable[[RunStore], StoreChannel] = InlineCommit,
) -> Simulation:
    """One life of a run of these groups, on what the store holds."""
    progress = store.progress(len(graph), WINDOW)
    return Simulation(
        neighbours=graph,
        clock=Clock(graph, WINDOW, progress.committed),
        horizon=horizon or FixedHorizon(9),
        settings=SimulationSettings(
            window=WINDOW,
            min_actions=2,
            inbox_limit=12,
            tick_attempts=tick_attempts,
            scenarios=scenarios,
        ),
        groups=groups,
        ledger=StoreLedger(channel(store)),
        progress=progress,
        failpoints=failpoints,
    )
