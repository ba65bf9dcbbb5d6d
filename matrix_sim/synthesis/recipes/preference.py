"""A question with two answers, one better than the other, as a judge confirms (dpo)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from typing import TypeVar, cast

from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.synthesis.asking import Asker
from matrix_sim.synthesis.contracts import Completion, Draw, Failed, Opening
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.recipes.instructed import Instructed, assistant_turn
from matrix_sim.synthesis.replies import PairReply
from matrix_sim.synthesis.situations import Situations

T = TypeVar("T")


async def both(one: Awaitable[T | Failed], other: Awaitable[T | Failed]) -> tuple[T, T] | Failed:
    """Two calls at once; where one fails the other still comes home, for it may be paid for.

    Raises:
        Exception: what the first that could not be made raised.
    """
    results = await asyncio.gather(one, other, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    failed = [result for result in results if isinstance(result, Failed)]
    if failed:
        return replace(failed[0], others=tuple(another.part for another in failed[1:]))
    return cast("tuple[T, T]", tuple(results))


class Preference:
    """A `Recipe` for pairs."""

    def __init__(
        self, dataset: DatasetConfig, asker: Asker, situations: Situations, facets: Facets
    ) -> None:
        self._dataset = dataset
        self._asker = asker
        self._question = Instructed(dataset, asker, situations, facets)

    async def open(self, draw: Draw) -> Opening | Failed:
        """What the person would type."""
        return await self._question.open(draw)

    async def finish(self, draw: Draw, opening: Opening) -> Completion | Failed:
        """Both answers, from the same clean context."""
        thinks = self._dataset.thinks
        better = Role.REASONER if thinks else Role.RESPONDER
        question = Turn("user", opening.text)
        answer = partial(self._asker.answer, draw=draw, turns=[question], template="assistant")
        answers = await both(answer(better, part="chosen"), answer(Role.REJECTED, part="rejected"))
        if isinstance(answers, Failed):
            return answers
        chosen, rejected = answers
        turn = assistant_turn(chosen, thinks)
        return Completion(
            turns=(question,),
            chosen=turn.content,
            chosen_reasoning=turn.reasoning,
            rejected=rejected.text.strip(),
            models={better.value: chosen.model, Role.REJECTED.value: rejected.model},
        )

    async def weigh(self, draw: Draw, completion: Completion) -> Completion | Failed:
        """Have the two compared in both orders: judges favour a position."""
        if completion.chosen == completion.rejected:
            same = Verdict("margin", False, "both answers are the same")
            return replace(completion, verdicts=(*completion.verdicts, same))
        verdicts = await both(
            self._compare(draw, completion, chosen_first=True),
            self._compare(draw, completion, chosen_first=False),
        )
        if isinstance(verdicts, Failed):
            return verdicts
        straight, turned = verdicts
        chosen = (straight.first + turned.second) / 2
        rejected = (straight.second + turned.first) / 2
        return self._rated(completion, chosen, rejected)

    def row(self, completion: Completion) -> Row:
        """See `Recipe`."""
        return Row(
            completion.turns,
            chosen=(Turn("assistant", completion.chosen, completion.chosen_reasoning),),
            rejected=(Turn("assistant", completion.rejected),),
            thinks=self._dataset.thinks,
        )

    async def _compare(
        self, draw: Draw, completion: Completion, *, chosen_first: bool
    ) -> PairReply | Failed:
        pair = (completion.chosen, completion.rejected)
        first, second = pair if chosen_first else pair[::-1]
        messages = self._asker.prompts.render(
            "judge_pair", conversation=completion.turns, first=first, second=second
        )
        part = "verdict/ab" if chosen_first else "verdict/ba"
        return await self._asker.decide(Role.JUDGE, draw, part, messages, PairReply)

    def _rated(self, completion: Completion, chosen: float, rejected: float) -> Completion:
        margin, wanted = chosen - rejected, self._dataset.margin
        clear = margin >= wanted and margin > 0
        drop = self._dataset.without_margin == "drop"
        why = f"the judge gives {chosen:g} and {rejected:g}: {margin:g} apart, {wanted:g} wanted"
        verdict = Verdict("margin", clear or not drop, "" if clear else why)
        return replace(
            completion,
            labels={
                **completion.labels,
                "chosen_rating": chosen,
                "rejected_rating": rejected,
                "margin_found": clear,
            },
            verdicts=(*completion.verdicts, verdict),
        )
