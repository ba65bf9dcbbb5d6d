"""One question and its answer: sft, reason, code, safety; and the question of a preference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matrix_sim.config.datasets import GENERAL, DatasetConfig, DatasetKind
from matrix_sim.llm.contracts import Reply, Role
from matrix_sim.quality.contracts import Row, Turn
from matrix_sim.synthesis.asking import Asker
from matrix_sim.synthesis.contracts import Completion, Draw, Failed, Opening
from matrix_sim.synthesis.facets import FACETS, Facets
from matrix_sim.synthesis.situations import Situations
from matrix_sim.synthesis.unwrapping import unwrapped

TEMPLATES: Mapping[DatasetKind, tuple[str, str]] = {
    "sft": ("instruction", "assistant"),
    "reason": ("instruction", "assistant"),
    "dpo": ("instruction", "assistant"),
    "code": ("code_instruction", "assistant"),
    "safety": ("safety_instruction", "safety_assistant"),
}
"""By what a person is made to ask, and what the assistant is told of its task."""
_IN_PROMPT = {"code_task": "task"}
"""Facets that a template knows by another name."""


class Instructed:
    """A `Recipe` for one turn of each side."""

    def __init__(
        self, dataset: DatasetConfig, asker: Asker, situations: Situations, facets: Facets
    ) -> None:
        self._dataset = dataset
        self._asker = asker
        self._situations = situations
        self._facets = facets
        self._asking, self._answering = TEMPLATES[dataset.kind]

    async def open(self, draw: Draw) -> Opening | Failed:
        """What the person would type."""
        asked = await asked_of(self._dataset, self._situations, self._facets, draw)
        messages = self._asker.prompts.render(self._asking, **asked)
        reply = await self._asker.say(Role.INSTRUCTOR, draw, "instruction", messages)
        return reply if isinstance(reply, Failed) else Opening(unwrapped(reply.text))

    async def finish(self, draw: Draw, opening: Opening) -> Completion | Failed:
        """The answer of an assistant that knows nothing but the question."""
        thinks = self._dataset.thinks
        role = Role.REASONER if thinks else Role.RESPONDER
        question = Turn("user", opening.text)
        reply = await self._asker.answer(role, draw, "answer", [question], template=self._answering)
        if isinstance(reply, Failed):
            return reply
        return Completion(
            turns=(question, assistant_turn(reply, thinks)), models={role.value: reply.model}
        )

    async def weigh(self, draw: Draw, completion: Completion) -> Completion | Failed:
        """Nothing more is asked."""
        return completion

    def row(self, completion: Completion) -> Row:
        """See `Recipe`."""
        dataset = self._dataset
        return Row(completion.turns, thinks=dataset.thinks, codes=dataset.kind == "code")


def assistant_turn(reply: Reply, thinks: bool) -> Turn:
    """An answer; its thinking is left out where it is no part of the data."""
    return Turn("assistant", reply.text.strip(), reply.reasoning.strip() if thinks else "")


async def asked_of(
    dataset: DatasetConfig, situations: Situations, facets: Facets, draw: Draw
) -> Mapping[str, Any]:
    """The variables of a template that has a person ask something."""
    situation = await situations.of(draw)
    texts = {
        _IN_PROMPT.get(facet, facet): facets.text(facet, draw.facets[facet])
        for facet in FACETS[dataset.kind]
    }
    return {
        "profile": situation.profile,
        "goal": situation.goal,
        "did": situation.did,
        "seen": situation.seen,
        "summary": situation.summary,
        "requirement": None if dataset.requirement == GENERAL else dataset.requirement,
        **texts,
    }
