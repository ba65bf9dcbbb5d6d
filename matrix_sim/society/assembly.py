"""Puts a group together from its charter: the same objects, wherever they are to live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from matrix_sim.config import ModelsConfig
from matrix_sim.config.roles import model_of
from matrix_sim.lazy import Lazy
from matrix_sim.llm.contracts import LLM, Role
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import AgentStep, Grant, Scenario, SummaryOrder, TickReport, Turn
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.agent import Agent
from matrix_sim.society.contracts import History, Members
from matrix_sim.society.fingerprint import fingerprint
from matrix_sim.society.homophily.profile import profile_text
from matrix_sim.society.modulator import Modulator
from matrix_sim.society.routing import Candidate, Profile, make_router
from matrix_sim.society.settings import (
    AgentSettings,
    ModulatorSettings,
    agent_settings,
    modulator_settings,
)
from matrix_sim.society.society import Member, Society


@dataclass(frozen=True, slots=True)
class GroupCharter:
    """Everything that a group is made from; what travels to the process that holds it."""

    group: int
    members: tuple[Member, ...]
    neighbours: tuple[Candidate, ...]
    """The groups that it may send to, most similar first."""
    strangers: float
    """`Society.strangers`."""
    agent_settings: AgentSettings
    modulator_settings: ModulatorSettings


def charter_of(society: Society, group: int, models: ModelsConfig) -> GroupCharter:
    """The charter of one group of a society whose roles these models play."""
    agent = agent_settings(society.settings, ReplyTerms.of(model_of(models, Role.AGENT)))
    modulator = modulator_settings(
        society.settings,
        ReplyTerms.of(model_of(models, Role.MODULATOR)),
        vectors=not models.embedding.local,
    )
    return GroupCharter(
        group=group,
        members=society.members_of(group),
        neighbours=tuple(
            Candidate(
                other,
                society.groups[other].description,
                _profiles(society.members_of(other), modulator),
            )
            for other in society.groups[group].neighbours
        ),
        strangers=society.strangers,
        agent_settings=agent,
        modulator_settings=modulator,
    )


def _profiles(people: Sequence[Member], settings: ModulatorSettings) -> tuple[Profile, ...]:
    """What an action is compared with to see whether it is for these people, if it is at all."""
    if not settings.compares:
        return ()
    return tuple(
        Profile(fingerprint(profile_text(member.persona)), member.direction) for member in people
    )


class LocalMembers:
    """The agents of a group in the same process as their modulator."""

    def __init__(self, agents: Mapping[int, Agent]) -> None:
        self._agents = agents

    async def act(self, agent: int, turn: Turn) -> AgentStep:
        """One agent's turn."""
        return await self._agents[agent].act(turn)


def steps_of(agent: int, reports: Iterable[TickReport]) -> tuple[AgentStep, ...]:
    """One agent's committed steps, in order."""
    return tuple(s for report in reports for s in report.steps if s.action.agent == agent)


def build_agents(
    charter: GroupCharter, prompts: PromptLibrary, llm: LLM, reports: tuple[TickReport, ...]
) -> dict[int, Agent]:
    """The agents of a group, rebuilt from its committed ticks."""
    return {
        member.agent: Agent(
            member, charter.agent_settings, prompts, llm, steps_of(member.agent, reports)
        )
        for member in charter.members
    }


def build_modulator(
    charter: GroupCharter,
    prompts: PromptLibrary,
    llm: LLM,
    members: Members,
    history: History,
    reports: tuple[TickReport, ...],
) -> Modulator:
    """The modulator of a group, rebuilt from its committed ticks."""
    settings = charter.modulator_settings
    router = make_router(
        charter.group,
        [Candidate(m.agent, m.speaker, _profiles((m,), settings)) for m in charter.members],
        charter.neighbours,
        charter.strangers,
        settings,
        prompts,
        llm,
    )
    return Modulator(
        group=charter.group,
        speakers={member.agent: member.speaker for member in charter.members},
        settings=settings,
        router=router,
        prompts=prompts,
        llm=llm,
        members=members,
        history=history,
        reports=reports,
    )


class LiveGroup:
    """A group in the process that holds it, rebuilt from history when it is first granted a tick.

    Only a grant says that every tick before it is committed. A process that was restarted may be
    asked for an old summary while the commit of a newer tick is still on its way to the store: a
    modulator rebuilt then would miss that tick for good, so it is used once and not kept.
    """

    def __init__(
        self,
        group: int,
        history: History,
        build: Callable[[tuple[TickReport, ...]], Modulator],
    ) -> None:
        """`build` makes the modulator from the group's committed ticks."""
        self._group = group
        self._history = history
        self._build = build
        self._modulator = Lazy(self._rebuilt)

    async def answer(self, item: Grant | SummaryOrder) -> TickReport | Scenario:
        """Whatever the coordinator asks."""
        return await (self.play(item) if isinstance(item, Grant) else self.summarise(item))

    async def play(self, grant: Grant) -> TickReport:
        """One tick (`Modulator.play`)."""
        return await (await self._modulator.get()).play(grant)

    async def summarise(self, order: SummaryOrder) -> Scenario:
        """The scenario of a window, all of whose ticks are committed (`Modulator.summarise`)."""
        modulator = self._modulator.made or await self._rebuilt()
        return await modulator.summarise(order)

    async def _rebuilt(self) -> Modulator:
        return self._build(await self._history.reports(self._group))
