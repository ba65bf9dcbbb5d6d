"""How a preview looks: what people want, do and hear of, what comes of it, the rows made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from matrix_sim.messages import AgentStep, Goal, Scenario, TickReport, agent_label, group_label
from matrix_sim.outlook.preview import Happening
from matrix_sim.outlook.preview_rows import PreviewedDataset
from matrix_sim.society.society import Society
from matrix_sim.synthesis.contracts import Candidate, Completion
from matrix_sim.text import clip, printable

_TEXT = 240
_THOUGHT = 160
"""Characters of a text that are shown."""


class PreviewDisplay:
    """Tells what happens, line by line."""

    def __init__(self, society: Society, say: Callable[[str], None]) -> None:
        self._society = society
        self._say = say

    def people(self) -> None:
        """Who they are."""
        for group in self._society.groups:
            names = ", ".join(self._name(agent) for agent in group.members)
            self._line(0, f"{group_label(group.group)}: {names}")

    def tick(self, happening: Happening) -> None:
        """One tick of one group."""
        report, thoughts = happening.report, happening.thoughts
        for step in report.steps:
            if step.goal is not None:
                self._goal(step.action.agent, step.goal, thoughts)
        self._line(0, f"{group_label(report.group)}, tick {report.tick}")
        for step in report.steps:
            self._step(step, report, thoughts)
        if report.routing_failure is not None:
            self._line(1, f"(no routing: {report.routing_failure.value})")

    def scenario(self, scenario: Scenario) -> None:
        """What a window came to."""
        self._line(0, f"scenario of {group_label(scenario.group)}, window {scenario.window}")
        failed = f"(no summary: {scenario.failure.value})" if scenario.failure else ""
        self._line(1, scenario.summary or failed, characters=4 * _TEXT)

    def dataset(self, made: PreviewedDataset) -> None:
        """Its rows, and what was refused."""
        for candidate in made.candidates:
            self._candidate(candidate)
        if not made.candidates:
            self._line(0, f"data set {made.config.label}: nothing was made")
            self._line(1, made.problem, characters=2 * _TEXT)

    def _candidate(self, candidate: Candidate) -> None:
        draw, completion = candidate.draw, candidate.completion
        drawn = ", ".join(f"{facet} {option}" for facet, option in draw.facets.items())
        self._line(0, f"data set {candidate.dataset}, candidate {draw.number} ({drawn})")
        asker = self._name(draw.agent)
        if completion is not None:
            self._completion(asker, completion)
        elif candidate.opening is not None:
            self._line(1, f"{asker}: {candidate.opening.text}", characters=2 * _TEXT)
        self._line(2, f"-> {_fate(candidate)}")

    def _completion(self, asker: str, completion: Completion) -> None:
        for turn in completion.turns:
            self._thought(turn.reasoning, 2)
            who = asker if turn.role == "user" else turn.role
            self._line(1, f"{who}: {turn.content}", characters=2 * _TEXT)
        if completion.chosen:
            self._thought(completion.chosen_reasoning, 2)
            for name in ("chosen", "rejected"):
                rating = completion.labels.get(f"{name}_rating")
                rated = "" if rating is None else f" ({rating:g} of 10)"
                text = getattr(completion, name)
                self._line(1, f"{name}{rated}: {text}", characters=2 * _TEXT)

    def _goal(self, agent: int, goal: Goal, thoughts: Mapping[str, str]) -> None:
        self._line(0, self._name(agent))
        self._thought(thoughts.get(f"goal/{agent_label(agent)}"))
        if goal.failure is not None:
            self._line(1, f"(no goal: {goal.failure.value})")
            return
        self._line(1, f"goal: {goal.life_goal}")
        for number, step in enumerate(goal.plan, start=1):
            self._line(1, f"plan {number}: {step}")

    def _step(self, step: AgentStep, report: TickReport, thoughts: Mapping[str, str]) -> None:
        action = step.action
        said = action.text or f"({step.failure.value if step.failure else 'does nothing'})"
        self._line(1, f"{self._name(action.agent)} [{step.mode.value}]: {said}")
        self._thought(thoughts.get(f"act/{agent_label(action.agent)}/t{action.tick:04d}"), 2)
        heard = [
            self._name(delivery.agent)
            for delivery in report.deliveries
            if any(seen.action.order == action.order for seen in delivery.observations)
        ]
        if action.text:
            self._line(2, f"-> heard of by {', '.join(heard) or 'nobody'}")

    def _thought(self, thought: str | None, depth: int = 1) -> None:
        if thought:
            self._line(depth, f"thinks: {thought}", characters=_THOUGHT)

    def _name(self, agent: int) -> str:
        return self._society.members[agent].speaker

    def _line(self, depth: int, text: str, characters: int = _TEXT) -> None:
        self._say("  " * depth + clip(printable(" ".join(text.split())), characters))


def _fate(candidate: Candidate) -> str:
    if candidate.accepted:
        return "a row"
    failed = candidate.failure
    if failed is not None:
        return f"no row: {' and '.join(failed.parts)} failed ({failed.failure.value})"
    refusing = next((verdict for verdict in candidate.verdicts if not verdict.ok), None)
    return "no row" if refusing is None else f"no row: {refusing.check}: {refusing.reason}"
