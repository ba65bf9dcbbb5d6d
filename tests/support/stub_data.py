"""Calls of a synthesis as the stub gets them: real prompts, people and facets, no society."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

from matrix_sim.config import Language
from matrix_sim.config.datasets import DatasetKind
from matrix_sim.llm.contracts import Address, Message, Request, Role
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.stub.replies import StubWriter
from matrix_sim.messages import Action, ActionKind, Goal, Observation
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.sampling import sample_personas
from matrix_sim.quality.contracts import Turn
from matrix_sim.society.replies import ActReply, GoalReply
from matrix_sim.synthesis.facets import FACETS, Facets
from matrix_sim.synthesis.facets_file import load_facets
from matrix_sim.synthesis.replies import IntentReply, PairReply, RowReply, UserTurnReply
from tests.support.prompt_samples import LIBRARIES

PEOPLE, MANY = 30, 200
_LEAST_TURNS = 2
M = TypeVar("M", bound=BaseModel)


@cache
def people(language: Language) -> tuple[Persona, ...]:
    """Thirty made-up people."""
    return tuple(sample_personas(PEOPLE, 1, language))


@cache
def facets_in(language: Language) -> Facets:
    """The package's own."""
    return load_facets(language)


@dataclass(frozen=True)
class Calls:
    """Makes the calls for candidates of one data set and has the stub answer them."""

    language: Language
    kind: DatasetKind = "sft"
    seed: int = 7
    label: str = "d"

    def say(self, number: int, part: str, *messages: Message, attempt: int = 1) -> str:
        """A reply in prose."""
        return StubWriter(self.seed, self.language).write(
            Request(self._address(number, part), Role.USER, messages, 4096, attempt=attempt)
        )

    def think(self, number: int, part: str, *messages: Message) -> str:
        """The thinking before a reply."""
        request = Request(self._address(number, part), Role.REASONER, messages, 4096)
        return StubWriter(self.seed, self.language).reasoning(request)

    def decide(self, number: int, part: str, model: type[M], *messages: Message) -> M:
        """A structured reply."""
        schema = schema_of(model, "reply")
        request = Request(self._address(number, part), Role.USER, messages, 4096, schema)
        return model.model_validate_json(StubWriter(self.seed, self.language).write(request))

    def instruction(self, number: int, **changed: Any) -> str:
        """The first message of a candidate."""
        template = {"code": "code_instruction", "safety": "safety_instruction"}.get(
            self.kind, "instruction"
        )
        asked = self.asked(number) | changed
        return self.say(number, "instruction", *self._render(template, asked))

    def answer(self, number: int, question: str, part: str = "answer") -> str:
        """What is answered to one message."""
        return self.say(number, part, Message("system", "答えます。"), Message("user", question))

    def thought(self, number: int, question: str) -> str:
        """What is thought about one message."""
        return self.think(number, "answer", Message("user", question))

    def compared(self, number: int, order: str, first: str, second: str) -> PairReply:
        """What the judge says of two answers."""
        asked = {"conversation": (Turn("user", "？"),), "first": first, "second": second}
        return self.decide(
            number, f"verdict/{order}", PairReply, *self._render("judge_pair", asked)
        )

    def judged(self, number: int, *turns: Turn) -> RowReply:
        """What the judge says of a row."""
        return self.decide(
            number, "judge", RowReply, *self._render("judge_row", {"conversation": turns})
        )

    def dialogue(self, number: int, most: int = 12) -> list[Turn]:
        """A dialogue until its user ends it or has spoken `most` times."""
        asked = self.asked(number)
        wanted = self.decide(number, "intent", IntentReply, *self._render("intent", asked))
        turns: list[Turn] = []
        for spoken in range(1, most + 1):
            said = self.user_turn(
                number, spoken, asked, wanted, turns, may_end=spoken > _LEAST_TURNS
            )
            if not said.message:
                return turns
            turns.append(Turn("user", said.message))
            messages = [Message("system", "答えます。")]
            messages += [Message(turn.role, turn.content) for turn in turns]
            turns.append(Turn("assistant", self.say(number, f"turn{spoken}/assistant", *messages)))
        return turns

    def user_turn(
        self,
        number: int,
        spoken: int,
        asked: dict[str, Any],
        wanted: IntentReply,
        turns: list[Turn],
        *,
        may_end: bool = True,
    ) -> UserTurnReply:
        """What the user says in its turn, the first being 1."""
        move = self._drawn(f"{number}/{spoken}", "move") if turns else ""
        variables = {
            "profile": asked["profile"],
            "want": wanted.want,
            "satisfied_when": wanted.satisfied_when,
            "style": asked["style"],
            "conversation": tuple(turns),
            "move": move,
            "left": 3,
            "may_end": may_end,
        }
        messages = self._render("user_turn", variables)
        return self.decide(number, f"turn{spoken}/user", UserTurnReply, *messages)

    def asked(self, number: int) -> dict[str, Any]:
        """What the prompt of an instruction is filled with."""
        facets = {facet: self._drawn(str(number), facet) for facet in FACETS[self.kind]}
        if "code_task" in facets:
            facets["task"] = facets.pop("code_task")
        return self.situation(number) | facets | {"requirement": None}

    def situation(self, number: int) -> dict[str, Any]:
        """Who asks, and what it did and saw in a scenario of the stub's own society."""
        everybody = people(self.language)
        person, other = everybody[number % PEOPLE], everybody[(number * 7 + 1) % PEOPLE]
        seen = Action(0, 0, 1, ActionKind.PLAN, self._act(other, number, 9))
        return {
            "profile": self.profile(person),
            "goal": self._goal(person, number),
            "did": tuple(self._act(person, number, tick) for tick in range(3)),
            "seen": (Observation(seen, LIBRARIES[self.language].speaker(other)),),
            "summary": "",
        }

    def profile(self, person: Persona) -> str:
        """A person as prompts tell of it."""
        return LIBRARIES[self.language].text_of("profile", persona=person)

    def _goal(self, person: Persona, number: int) -> Goal:
        text = f"<persona>\n{self.profile(person)}\n</persona>"
        reply = self._society(f"goal/a{number:05d}/r0", GoalReply, text)
        return Goal(0, reply.personality, reply.life_goal, tuple(reply.plan))

    def _act(self, person: Persona, number: int, tick: int) -> str:
        text = f"<persona>\n{self.profile(person)}\n</persona>"
        reply = self._society(f"act/a{number:05d}/t{tick:04d}", ActReply, text)
        return reply.action or "……"

    def _society(self, address: str, model: type[M], text: str) -> M:
        schema, messages = schema_of(model, "reply"), (Message("user", text),)
        request = Request(Address(address), Role.AGENT, messages, 4096, schema)
        return model.model_validate_json(StubWriter(self.seed, self.language).write(request))

    def _render(self, template: str, variables: dict[str, Any]) -> tuple[Message, ...]:
        return LIBRARIES[self.language].render(template, **variables)

    def _drawn(self, name: str, facet: str) -> str:
        facets = facets_in(self.language)
        draw = random.Random(f"{self.kind}/{name}/{facet}")
        return facets.text(facet, facets.draw(facet, self.kind, "mixed", draw))

    def _address(self, number: int, part: str) -> Address:
        return Address(f"{self.label}/c{number:06d}/{part}")


@cache
def requests(language: Language, kind: DatasetKind = "sft") -> tuple[str, ...]:
    """First messages of two hundred candidates."""
    return tuple(Calls(language, kind).instruction(number) for number in range(MANY))


@cache
def answers(language: Language, kind: DatasetKind, part: str = "answer") -> tuple[str, ...]:
    """What is answered to them."""
    calls = Calls(language, kind)
    asked = enumerate(requests(language, kind))
    return tuple(calls.answer(number, text, part) for number, text in asked)
