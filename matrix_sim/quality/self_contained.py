"""The check `self_contained`: the first message is understood without what lies behind it."""

from __future__ import annotations

from matrix_sim.language import Language
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.names import given_names
from matrix_sim.quality.signs import Found, sign_table
from matrix_sim.quality.wording import wording_of

_BEGINNING = 80
"""Characters in which a word for something earlier has nothing to stand for."""


class SelfContained:
    """Finds messages that lean on a talk, a person, a text or a picture that the row lacks."""

    name = "self_contained"

    def __init__(self, language: Language) -> None:
        table = sign_table("self_contained", language)
        self._language = language
        self._earlier = table.signs("earlier")
        self._missing = table.signs("missing")
        self._pronoun = table.signs("pronoun")
        self._given = given_names(language)
        self._somebody = table.pattern("somebody")
        self._introduced = table.pattern("introduced")

    def look(self, row: Row) -> Verdict | None:
        """Its verdict on the user's first message; None where no user speaks."""
        text = row.request
        if not text.strip():
            return None
        found = self._found(text)
        return Verdict(self.name, found is None, found.reason if found else "")

    def _found(self, text: str) -> Found | None:
        wording = wording_of(text, self._language)
        own = wording.opening
        return (
            self._earlier.find(own)
            or self._missing.find(own)
            or self._pronoun.find(own[:_BEGINNING], own)
            or self._names(own)
        )

    def _names(self, own: str) -> Found | None:
        """Somebody called by a given name, of whom nothing is told."""
        seen = self._somebody.match(own)
        if not seen or seen[1] not in self._given or self._introduced.search(own):
            return None
        return Found("It names somebody whom the reader does not know", seen[1])
