"""The check `boilerplate`: no formulas of assistants that say nothing."""

from __future__ import annotations

from matrix_sim.language import Language
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.signs import Found, sign_table
from matrix_sim.quality.wording import HOLE, wording_of

_HOLLOW = {"ja": 120, "en": 280}
"""Characters up to which an answer that refers or refuses has room for nothing else."""


class Boilerplate:
    """Finds "As an AI language model", thanks for questions, offers of more help, and the like."""

    name = "boilerplate"

    def __init__(self, language: Language) -> None:
        table = sign_table("boilerplate", language)
        self._language = language
        self._about_ai = table.pattern("about_ai")
        self._drafts = table.pattern("drafts")
        self._refusals = table.pattern("refusals")
        self._praise = table.signs("praise")
        self._self = table.signs("self")
        self._formulas = tuple(map(table.signs, ("disclaimer", "opening", "closing")))
        self._experts = table.signs("hollow")
        self._generic = table.signs("generic")
        self._refusal = table.signs("refusal")

    def look(self, row: Row) -> Verdict | None:
        """Its verdict on what the assistant says; None where no assistant speaks."""
        asked: list[str] = []
        answered = False
        for turn in (*row.turns, *row.chosen):
            if turn.role == "user":
                asked.append(turn.content)
            elif turn.role == "assistant":
                answered = True
                found = self._found(turn.content, "\n".join(asked))
                if found:
                    return Verdict(self.name, False, found.reason)
        return Verdict(self.name, True, "") if answered else None

    def _found(self, answer: str, asked: str) -> Found | None:
        own = wording_of(answer, self._language).own
        told = self._self.find(own)
        if told and not self._about_ai.search(asked):
            return told
        praise = self._praise.find(own)
        if praise:
            return praise
        for signs in self._formulas:
            formula = signs.find(own)
            # Beside a draft in quotation marks it is no part of the draft.
            if formula and (HOLE in own or not self._drafts.search(asked)):
                return formula
        experts = self._experts.find(own)
        if experts and self._is_hollow(own, experts):
            return experts
        if len(own) > _HOLLOW[self._language]:
            return None
        refused = None if self._refusals.search(asked) else self._refusal.find(own)
        return refused or self._generic.find(own)

    def _is_hollow(self, own: str, experts: Found) -> bool:
        """Whether little stands beside the reference to experts."""
        return len(own) - len(experts.passage) <= _HOLLOW[self._language]
