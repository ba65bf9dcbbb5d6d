"""Who becomes aware of what: the policy that a modulator follows once a tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matrix_sim.llm.contracts import LLM, Address, Request, Role
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.structured import ask
from matrix_sim.messages import Action, Failure, group_label
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.replies import RouteReply


@dataclass(frozen=True, slots=True)
class RoutingQuestion:
    """Everything that a routing decision may depend on."""

    group: int
    tick: int
    actions: tuple[tuple[Action, str], ...]
    """What is to be routed, in order, each with its speaker: the inbox and the tick's own."""
    memory: tuple[str, ...]
    """What happened in the group lately, a line each."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where one action goes."""

    aware: tuple[int, ...]
    """Members, ascending."""
    forward: tuple[int, ...]
    """Neighbouring groups, most important first."""


@dataclass(frozen=True, slots=True)
class Routing:
    """The decision for a tick."""

    routes: tuple[Route, ...]
    """One for each action of the question."""
    unknown_ids: int = 0
    """As in `TickReport`."""
    failure: Failure | None = None
    ranking: tuple[int, ...] = ()
    """Indices into `routes`, what matters most first; what it leaves out follows in order."""

    @property
    def by_importance(self) -> tuple[int, ...]:
        """All indices into `routes`: what an inbox limit leaves out is from the end."""
        return tuple(dict.fromkeys((*self.ranking, *range(len(self.routes)))))


class Router(Protocol):
    """A routing policy."""

    async def route(self, question: RoutingQuestion) -> Routing:
        """Decide for all actions of a tick at once.

        Raises:
            EnvironmentalFailure: a call that the policy needs got no reply.
        """
        ...


class LLMRouter:
    """One call a tick, however many actions and members there are.

    Labels (`m1`, `n1`) stand for ids in the prompt: short, and an enum in the schema, so that an
    endpoint that honours it cannot name anybody else.
    """

    def __init__(
        self,
        group: int,
        members: Sequence[tuple[int, str]],
        neighbours: Sequence[tuple[int, str]],
        prompts: PromptLibrary,
        llm: LLM,
        max_tokens: int,
    ) -> None:
        """`members` are (agent, line about it), `neighbours` are (group, description)."""
        self._group = group
        self._members = {f"m{i}": agent for i, (agent, _) in enumerate(members, start=1)}
        self._neighbours = {f"n{i}": other for i, (other, _) in enumerate(neighbours, start=1)}
        self._label_of = {agent: label for label, agent in self._members.items()}
        self._member_lines = tuple(zip(self._members, (m for _, m in members), strict=True))
        self._neighbour_lines = tuple(
            zip(self._neighbours, (n for _, n in neighbours), strict=True)
        )
        self._prompts = prompts
        self._llm = llm
        self._max_tokens = max_tokens
        self._schema = schema_of(
            RouteReply, "route", aware=tuple(self._members), forward=tuple(self._neighbours)
        )

    async def route(self, question: RoutingQuestion) -> Routing:
        """Ask once; ids that name nobody are dropped and counted."""
        messages = self._prompts.render(
            "route",
            members=self._member_lines,
            neighbours=self._neighbour_lines,
            memory=question.memory,
            recalled=(),
            actions=tuple(
                (
                    number,
                    speaker,
                    action.text,
                    "" if action.group == self._group else "inbox",
                    self._label_of.get(action.agent, ""),
                )
                for number, (action, speaker) in enumerate(question.actions, start=1)
            ),
        )
        request = Request(
            address=Address(f"route/{group_label(self._group)}/t{question.tick:04d}"),
            role=Role.MODULATOR,
            messages=messages,
            max_tokens=self._max_tokens,
            schema=self._schema,
        )
        reply = await ask(self._llm, request, RouteReply, self._prompts.repair)
        if isinstance(reply, Failure):
            return Routing((Route((), ()),) * len(question.actions), failure=reply)
        return self._read(reply, question)

    def _read(self, reply: RouteReply, question: RoutingQuestion) -> Routing:
        unknown = 0
        aware: list[dict[int, None]] = [{} for _ in question.actions]
        forward: list[dict[int, None]] = [{} for _ in question.actions]
        named: list[int] = []
        for entry in reply.routes:
            index = entry.action - 1
            if not 0 <= index < len(question.actions):
                unknown += 1
                continue
            named.append(index)
            actor = question.actions[index][0].agent
            for label in entry.aware:
                agent = self._members.get(label)
                if agent is None or agent == actor:
                    unknown += 1
                else:
                    aware[index][agent] = None
            own = question.actions[index][0].group == self._group
            for label in entry.forward:
                other = self._neighbours.get(label)
                if other is None or not own:
                    unknown += 1
                else:
                    forward[index][other] = None
        routes = tuple(
            Route(tuple(sorted(a)), tuple(f)) for a, f in zip(aware, forward, strict=True)
        )
        return Routing(routes, unknown, ranking=tuple(dict.fromkeys(named)))
