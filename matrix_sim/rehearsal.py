"""A society played in one process, without Ray: for a look at it before anything is paid.

The objects are those that actors put into processes of their own; only the hops are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matrix_sim.config import RunConfig
from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.llm.contracts import LLM
from matrix_sim.messages import Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.assembly import (
    LiveGroup,
    LocalMembers,
    build_agents,
    build_modulator,
    charter_of,
)
from matrix_sim.society.contracts import Groups, Ledger, Progress
from matrix_sim.society.modulator import Modulator
from matrix_sim.society.simulation import Simulation
from matrix_sim.society.simulation_plan import SimulationPlan, plan_of
from matrix_sim.society.society import Society
from matrix_sim.store.adapters import StoreChannel, StoreHistory, StoreLedger


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A society, who speaks for it, and where it is kept."""

    config: RunConfig
    society: Society
    prompts: PromptLibrary
    llm: LLM
    channel: StoreChannel
    """The way to the store that holds the run."""

    @property
    def plan(self) -> SimulationPlan:
        """How all of it is played."""
        return plan_of(self.society, self.config.runtime)

    def group(self, number: int) -> LiveGroup:
        """One group with its people, as far as the store says that it has come."""
        charter = charter_of(self.society, number, self.config.models)
        history = StoreHistory(self.channel)

        def build(reports: tuple[TickReport, ...]) -> Modulator:
            agents = build_agents(charter, self.prompts, self.llm, reports)
            return build_modulator(
                charter, self.prompts, self.llm, LocalMembers(agents), history, reports
            )

        return LiveGroup(number, history, build)

    def simulation(
        self,
        progress: Progress,
        *,
        plan: SimulationPlan | None = None,
        groups: Groups | None = None,
        ledger: Ledger | None = None,
        failpoints: Failpoints = NO_FAILPOINTS,
    ) -> Simulation:
        """The simulation that goes on from `progress`.

        Args:
            progress: what the store holds.
            plan: in place of `plan`, such as for a part of the groups.
            groups: in place of all groups as they are; they are made by `group`.
            ledger: in place of the store's own, which it has to write to.
            failpoints: faults on purpose.
        """
        return (plan or self.plan).simulation(
            groups or OwnGroups(self.group),
            ledger or StoreLedger(self.channel),
            progress,
            failpoints,
        )


class OwnGroups:
    """All groups in this process (`Groups`); each is built when it is first asked."""

    def __init__(self, build: Callable[[int], LiveGroup]) -> None:
        self._build = build
        self._groups: dict[int, LiveGroup] = {}

    async def play(self, grant: Grant) -> TickReport:
        """One tick of one group."""
        return await self._group(grant.group).play(grant)

    async def summarise(self, order: SummaryOrder) -> Scenario:
        """The scenario of a window."""
        return await self._group(order.group).summarise(order)

    def _group(self, number: int) -> LiveGroup:
        if number not in self._groups:
            self._groups[number] = self._build(number)
        return self._groups[number]


@dataclass(frozen=True, slots=True)
class TellingLedger:
    """A ledger that tells what has become true, after it has."""

    ledger: Ledger
    on_tick: Callable[[TickReport], None] = lambda _: None
    on_scenario: Callable[[Scenario], None] = lambda _: None

    async def commit_tick(self, report: TickReport) -> None:
        """Commit one tick, then tell of it."""
        await self.ledger.commit_tick(report)
        self.on_tick(report)

    async def commit_scenario(self, scenario: Scenario) -> None:
        """Commit one scenario, then tell of it."""
        await self.ledger.commit_scenario(scenario)
        self.on_scenario(scenario)
