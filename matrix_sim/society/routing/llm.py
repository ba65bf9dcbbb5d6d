"""The modulator's model decides: one call a tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matrix_sim.llm.contracts import LLM, Address, Message, Request, Role
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.structured import ask, in_turn
from matrix_sim.messages import Failure, group_label
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.replies import RouteReply
from matrix_sim.society.routing.contracts import (
    NOWHERE,
    Candidate,
    Route,
    Routing,
    RoutingQuestion,
)


class LLMRouter:
    """One call a tick, however many actions and members there are.

    Labels (`m1`, `n1`) stand for ids in the prompt: short, and an enum in the schema, so that an
    endpoint that honours it cannot name anybody else.
    """

    def __init__(
        self,
        group: int,
        members: Sequence[Candidate],
        neighbours: Sequence[Candidate],
        prompts: PromptLibrary,
        llm: LLM,
        terms: ReplyTerms,
    ) -> None:
        self._group = group
        self._members = {f"m{i}": member.number for i, member in enumerate(members, start=1)}
        self._neighbours = {f"n{i}": other.number for i, other in enumerate(neighbours, start=1)}
        self._label_of = {agent: label for label, agent in self._members.items()}
        self._member_lines = tuple(zip(self._members, (m.line for m in members), strict=True))
        self._neighbour_lines = tuple(
            zip(self._neighbours, (n.line for n in neighbours), strict=True)
        )
        self._prompts = prompts
        self._llm = llm
        self._terms = terms
        self._schema = schema_of(
            RouteReply, "route", aware=tuple(self._members), forward=tuple(self._neighbours)
        )

    async def route(self, question: RoutingQuestion) -> Routing:
        """Ask once; ids that name nobody are dropped and counted.

        Nobody is asked where nobody could become aware. Where it is too long for the model, less of
        what happened before is told.
        """
        if self._nobody_to_reach(question):
            return Routing((NOWHERE,) * len(question.actions))
        request = Request(
            address=Address(f"route/{group_label(self._group)}/t{question.tick:04d}"),
            role=Role.MODULATOR,
            messages=self._messages(question),
            max_tokens=self._terms.max_tokens,
            schema=self._schema,
        )
        kept = len(question.memory)
        fewer = (_with_memory(question, lines) for lines in (kept, kept // 2, kept // 4, 0))
        reply = await ask(
            self._llm,
            request,
            RouteReply,
            self._prompts.repair,
            self._terms,
            shorter=in_turn(self._messages(one) for one in fewer),
        )
        if isinstance(reply, Failure):
            return Routing((NOWHERE,) * len(question.actions), failure=reply, asked=True)
        return self._read(reply, question)

    def _messages(self, question: RoutingQuestion) -> tuple[Message, ...]:
        return self._prompts.render(
            "route",
            members=self._member_lines,
            neighbours=self._neighbour_lines,
            memory=question.memory,
            recalled=question.recalled,
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

    def _nobody_to_reach(self, question: RoutingQuestion) -> bool:
        return not self._neighbours and all(
            agent == action.agent
            for action, _ in question.actions
            for agent in self._members.values()
        )

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
            own = question.own(index)
            for label in entry.forward:
                other = self._neighbours.get(label)
                if other is None or not own:
                    unknown += 1
                else:
                    forward[index][other] = None
        routes = tuple(
            Route(tuple(sorted(a)), tuple(f)) for a, f in zip(aware, forward, strict=True)
        )
        return Routing(routes, unknown, ranking=tuple(dict.fromkeys(named)), asked=True)


def _with_memory(question: RoutingQuestion, lines: int) -> RoutingQuestion:
    """With the newest lines of the memory, and nothing that is recalled."""
    kept = question.memory[len(question.memory) - lines :]
    return replace(question, memory=kept, recalled=())
