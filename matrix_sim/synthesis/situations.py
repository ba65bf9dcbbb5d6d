"""What the one who asks brings along, read from what was committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from matrix_sim.messages import ActionKind, AgentStep, Goal, Scenario, TickReport
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.society import Society
from matrix_sim.synthesis.contracts import Draw, Situation
from matrix_sim.text import clip

Reports = Callable[[int], Awaitable[tuple[TickReport, ...]]]
"""The committed ticks of a group in order."""
Goals = Callable[[int], Awaitable[Goal | None]]
"""What a person lives for, who has done nothing yet."""


class Situations:
    """Tells what somebody went through in a scenario.

    A group's history is read once, and what each of its scenarios needs is kept of it.
    """

    def __init__(
        self,
        society: Society,
        scenarios: Iterable[Scenario],
        prompts: PromptLibrary,
        reports: Reports,
        goals: Goals,
    ) -> None:
        self._society = society
        self._summaries: Mapping[tuple[int, int], str] = {
            (one.window, one.group): one.summary for one in scenarios
        }
        self._prompts = prompts
        self._reports = reports
        self._goals = goals
        self._steps: dict[int, dict[tuple[int, int], list[AgentStep]]] = {}
        """Per group, the steps by (window, agent)."""
        self._adopted: dict[tuple[int, int, int], Goal] = {}
        """Per (group, window, agent) the goal that held at its end."""

    async def of(self, draw: Draw) -> Situation:
        """What the asker of a candidate brings along."""
        profile = self._profile(draw.agent)
        if draw.window < 0:
            return Situation(profile, await self._goals(draw.agent), (), (), "")
        if draw.group not in self._steps:
            self._read(draw.group, await self._reports(draw.group))
        steps = self._steps[draw.group].get((draw.window, draw.agent), [])
        done = tuple(s.action.text for s in steps if s.action.kind is not ActionKind.IDLE)
        seen = {seen.action.order: seen for step in steps for seen in step.observed}
        return Situation(
            profile=profile,
            goal=self._adopted.get((draw.group, draw.window, draw.agent)),
            did=done,
            seen=tuple(seen[order] for order in sorted(seen)),
            summary=self._summaries.get((draw.window, draw.group), ""),
        )

    def _profile(self, agent: int) -> str:
        text = self._prompts.text_of("profile", persona=self._society.members[agent].persona)
        return clip(text, self._society.settings.persona_characters)

    def _read(self, group: int, reports: tuple[TickReport, ...]) -> None:
        length = self._society.settings.scenario_window
        steps = self._steps.setdefault(group, {})
        goals: dict[int, Goal] = {}
        for report in reports:
            window = report.tick // length
            for step in report.steps:
                agent = step.action.agent
                steps.setdefault((window, agent), []).append(step)
                if step.goal is not None and step.goal.plan:
                    goals[agent] = step.goal
                if agent in goals:
                    self._adopted[group, window, agent] = goals[agent]
