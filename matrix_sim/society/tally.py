"""Counting what a society does, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass, field

from matrix_sim.messages import ActionKind, Failure, PlanEffect, Scenario, Sparing, TickReport


@dataclass(slots=True)
class Tally:
    """What committed ticks and scenarios come to: of this start of a run, or of all of it."""

    ticks: int = 0
    null_ticks: int = 0
    actions: int = 0
    reactions: int = 0
    plan_steps: int = 0
    idle: int = 0
    steps_done: int = 0
    """Steps of plans that an action brought to their end."""
    steps_revised: int = 0
    plans_done: int = 0
    """Plans that came to their end: after the last step, or given up before."""
    envelopes: int = 0
    inbox_cut: int = 0
    observations_cut: int = 0
    unknown_ids: int = 0
    scenarios: int = 0
    actors_lost: int = 0
    """Processes that died before they answered, as the one who asked has seen."""
    failures: dict[str, int] = field(default_factory=dict)
    """Outcome failures by kind: of actions, goals, condensings, routings and summaries."""
    sparing: Sparing | None = None
    """With hybrid routing, over all ticks."""

    def count(self, report: TickReport) -> None:
        """Add one committed tick."""
        self.ticks += 1
        self.null_ticks += report.null
        self.envelopes += len(report.envelopes)
        self.inbox_cut += report.inbox_cut
        self.observations_cut += report.observations_cut
        self.unknown_ids += report.unknown_ids
        self._fail(report.routing_failure)
        self._spare(report.sparing)
        for step in report.steps:
            kind = step.action.kind
            self.actions += kind is not ActionKind.IDLE
            self.reactions += kind is ActionKind.REACTION
            self.plan_steps += kind is ActionKind.PLAN
            self.idle += kind is ActionKind.IDLE
            self.steps_done += step.effect is PlanEffect.ADVANCE
            self.steps_revised += step.effect is PlanEffect.REVISE
            self.plans_done += step.plan_done
            self._fail(step.failure)
            self._fail(step.goal.failure if step.goal is not None else None)
            for block in step.condensed:
                self._fail(block.failure)

    def count_scenario(self, scenario: Scenario) -> None:
        """Add one committed scenario."""
        self.scenarios += 1
        self._fail(scenario.failure)

    def _spare(self, more: Sparing | None) -> None:
        if more is not None:
            self.sparing = more if self.sparing is None else self.sparing + more

    def _fail(self, failure: Failure | None) -> None:
        if failure is not None:
            self.failures[failure.value] = self.failures.get(failure.value, 0) + 1
