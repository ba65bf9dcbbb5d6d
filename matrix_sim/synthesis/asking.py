"""How the makers of one data set ask their models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from matrix_sim.config import ModelsConfig
from matrix_sim.config.roles import model_of
from matrix_sim.llm.contracts import LLM, Address, Message, Reply, Request, Role
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.structured import ask, ask_reply
from matrix_sim.messages import Failure
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.quality.contracts import Turn
from matrix_sim.synthesis.contracts import Draw, Failed, candidate_address

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks on behalf of the candidates of one data set."""

    label: str
    """Of the data set."""
    llm: LLM
    prompts: PromptLibrary
    models: ModelsConfig

    async def say(
        self, role: Role, draw: Draw, part: str, messages: Sequence[Message]
    ) -> Reply | Failed:
        """A reply in prose.

        Raises:
            EnvironmentalFailure: no reply was to be had now.
        """
        terms = ReplyTerms.of(model_of(self.models, role))
        request = Request(
            self._address(draw, part), role, tuple(messages), max_tokens=terms.max_tokens
        )
        reply = await ask_reply(self.llm, request, terms)
        return Failed(reply, part) if isinstance(reply, Failure) else reply

    async def decide(
        self, role: Role, draw: Draw, part: str, messages: Sequence[Message], model: type[M]
    ) -> M | Failed:
        """A structured reply, read as `model`.

        Raises:
            EnvironmentalFailure: no reply was to be had now.
        """
        terms = ReplyTerms.of(model_of(self.models, role))
        request = Request(
            self._address(draw, part),
            role,
            tuple(messages),
            max_tokens=terms.max_tokens,
            schema=schema_of(model, part.rpartition("/")[2]),
        )
        reply = await ask(self.llm, request, model, self.prompts.repair, terms)
        return Failed(reply, part) if isinstance(reply, Failure) else reply

    async def answer(
        self, role: Role, draw: Draw, part: str, turns: Sequence[Turn], *, template: str
    ) -> Reply | Failed:
        """What an assistant says that sees the conversation and nothing else.

        Args:
            role: who answers.
            draw: of the candidate.
            part: the last part of the address.
            turns: the conversation; it ends with the user. Earlier thinking goes back only where
                the model's config says so (`reasoning.in_context`).
            template: what it is told of its task.
        """
        back = model_of(self.models, role).reasoning.in_context
        said = [Message(turn.role, turn.content, turn.reasoning if back else "") for turn in turns]
        system = Message("system", self.prompts.text_of(template))
        return await self.say(role, draw, part, [system, *said])

    def _address(self, draw: Draw, part: str) -> Address:
        return Address(candidate_address(self.label, draw.number, part))
