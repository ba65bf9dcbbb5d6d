"""The model's pass over people whom the rules have been over: one question a person."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matrix_sim.llm.contracts import LLM, Address, Request, Role
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.llm.structured import ask, schema_of
from matrix_sim.messages import Failure
from matrix_sim.personas.anonymise.clues import Clues, WithoutClues, without_clues
from matrix_sim.personas.anonymise.persona import texts_of
from matrix_sim.personas.model import Persona
from matrix_sim.personas.placeholders import placeholders
from matrix_sim.prompts.catalogue import ANONYMISE
from matrix_sim.prompts.library import PromptLibrary

_SCHEMA = schema_of(Clues, "clues")
Tell = Callable[[int], None]
"""Told after each person how many are done."""


@dataclass(frozen=True, slots=True)
class CloseLook:
    """What the model's pass came to."""

    personas: tuple[Persona, ...]
    """Those whom the model looked at, in their order."""
    counts: Mapping[str, int]
    """How many places were replaced, by kind of clue."""
    unknown: int
    """Clues that were of no use."""
    left_out: Mapping[Failure, int]
    """People about whom no usable reply was to be had, by cause. They are not in the society:
    who asks for the model's look wants no text in it that only the rules have seen, and what is
    cut off or refused is likeliest where there is most to hide."""


async def look_closely(
    llm: LLM,
    prompts: PromptLibrary,
    personas: Sequence[Persona],
    *,
    terms: ReplyTerms,
    width: int,
    tell: Tell = lambda _: None,
) -> CloseLook:
    """Ask about every person what else identifies them, and take it out.

    Args:
        llm: with a journal, so that nobody is asked about twice.
        prompts: in the language of the run.
        personas: as the rules left them.
        terms: of the anonymiser's model.
        width: questions under way at once.
        tell: for a display.

    Raises:
        EnvironmentalFailure: no reply was to be had now; those under way were waited for.
    """
    looker = _Looker(llm, prompts, terms)
    outcomes: dict[int, WithoutClues | Failure] = {}
    waiting = iter(enumerate(personas))
    failures: list[BaseException] = []

    async def work() -> None:
        for number, persona in waiting:
            try:
                outcomes[number] = await looker.look(number, persona)
            except Exception as failure:
                failures.append(failure)
            tell(len(outcomes))
            if failures:  # what is under way comes home, for it is paid; nothing new begins
                return

    await asyncio.gather(*(work() for _ in range(min(width, len(personas)))))
    if failures:
        raise failures[0]
    return _summed(outcomes[number] for number in range(len(personas)))


class _Looker:
    def __init__(self, llm: LLM, prompts: PromptLibrary, terms: ReplyTerms) -> None:
        self._llm = llm
        self._prompts = prompts
        self._terms = terms
        self._words = placeholders(prompts.sources.language)

    async def look(self, number: int, persona: Persona) -> WithoutClues | Failure:
        request = Request(
            address=Address(f"{ANONYMISE}/p{number:06d}"),
            role=Role.ANONYMISER,
            messages=self._prompts.render(ANONYMISE, texts=tuple(texts_of(persona))),
            max_tokens=self._terms.max_tokens,
            schema=_SCHEMA,
        )
        # Too long for the model is not put more shortly: it is to look at all that there is.
        reply = await ask(self._llm, request, Clues, self._prompts.repair, self._terms)
        if isinstance(reply, Failure):
            return reply
        return without_clues(persona, reply.found, self._words)


def _summed(outcomes: Iterator[WithoutClues | Failure]) -> CloseLook:
    personas: list[Persona] = []
    counts: Counter[str] = Counter()
    left_out: Counter[Failure] = Counter()
    unknown = 0
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            left_out[outcome] += 1
        else:
            personas.append(outcome.persona)
            counts.update(outcome.counts)
            unknown += outcome.unknown
    return CloseLook(
        tuple(personas), dict(sorted(counts.items())), unknown, dict(sorted(left_out.items()))
    )
