"""The check `is_request`: the first message asks for something."""

from __future__ import annotations

from matrix_sim.language import Language
from matrix_sim.quality.asking import Strength, strength_of
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.signs import quoted
from matrix_sim.quality.wording import wording_of


class IsRequest:
    """Finds first messages that only greet, report, muse or tell."""

    name = "is_request"

    def __init__(self, language: Language) -> None:
        self._language = language

    def look(self, row: Row) -> Verdict | None:
        """Its verdict on the user's first message; None where no user speaks."""
        text = row.request
        if not text.strip():
            return None
        strength = strength_of(text, self._language)
        if strength > Strength.WAIVED:
            return Verdict(self.name, True, "")
        last = quoted(wording_of(text, self._language).closing or text)
        if strength is Strength.WAIVED:
            return Verdict(self.name, False, f"It says that it wants no answer: '{last}'.")
        return Verdict(self.name, False, f"It asks for nothing; it ends in '{last}'.")
