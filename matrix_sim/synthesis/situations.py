"""What the one who asks brings along, read from what was committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from matrix_sim.lazy import Lazy
from matrix_sim.messages import ActionKind, AgentStep, Goal, Scenario, TickReport
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.society import Society
from matrix_sim.synthesis.contracts import Draw, Situation
from matrix_sim.text import clip

Reports = Callable[[int], Awaitable[tuple[TickReport, ...]]]
"""The committed ticks of a group in order."""
Goals = Callable[[int], Awaitable[Goal | None]]
"""What a person lives for, who has done nothing yet."""


@dataclass(frozen=True, slots=True)
class _History:
    """What the members of a group did."""

    steps: Mapping[tuple[int, int], Sequence[AgentStep]]
    """By (window, agent), in order."""
    goals: Mapping[tuple[int, int], Goal]
    """By (window, agent) the one that held at its end."""


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
        self._histories = {
            group.group: Lazy(partial(self._history, group.group)) for group in society.groups
        }

    async def of(self, draw: Draw) -> Situation:
        """What the asker of a candidate brings along."""
        profile = self._profile(draw.agent)
        if not draw.from_scenario:
            return Situation(profile, await self._goals(draw.agent), (), (), "")
        history = await self._histories[draw.group].get()
        steps = history.steps.get((draw.window, draw.agent), ())
        done = tuple(s.action.text for s in steps if s.action.kind is not ActionKind.IDLE)
        seen = {seen.action.order: seen for step in steps for seen in step.observed}
        return Situation(
            profile=profile,
            goal=history.goals.get((draw.window, draw.agent)),
            did=done,
            seen=tuple(seen[order] for order in sorted(seen)),
            summary=self._summaries.get((draw.window, draw.group), ""),
        )

    def _profile(self, agent: int) -> str:
        text = self._prompts.text_of("profile", persona=self._society.members[agent].persona)
        return clip(text, self._society.settings.persona_characters)

    async def _history(self, group: int) -> _History:
        length = self._society.settings.scenario_window
        steps: dict[tuple[int, int], list[AgentStep]] = {}
        held: dict[int, Goal] = {}
        goals: dict[tuple[int, int], Goal] = {}
        for report in await self._reports(group):
            window = report.tick // length
            for step in report.steps:
                agent = step.action.agent
                steps.setdefault((window, agent), []).append(step)
                if step.goal is not None and step.goal.plan:
                    held[agent] = step.goal
                if agent in held:
                    goals[window, agent] = held[agent]
        return _History(steps, goals)
