"""The check `is_request`: the first message asks for something."""

from __future__ import annotations

import re

from matrix_sim.language import Language
from matrix_sim.quality.asking import Strength, strength_of
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.signs import quoted
from matrix_sim.quality.wording import wording_of


_LETTERS = re.compile(r"[^\W\d_]")
_NUMBERS = re.compile(r"[\d\s.,、。・-]+")
"""Numbers that nobody reckons with."""
_SUM = re.compile(r"[+*/=×÷＋＝%?？]|(?<=\d)-(?=\d)")
_MANY, _FEW = 12, 2
"""So many letters are no word if they are no more than so few different ones."""


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
        if _says_nothing(text):
            return Verdict(self.name, False, f"It holds no words: '{quoted(text)}'.")
        strength = strength_of(text, self._language)
        if strength > Strength.WAIVED:
            return Verdict(self.name, True, "")
        last = quoted(wording_of(text, self._language).closing or text)
        if strength is Strength.WAIVED:
            return Verdict(self.name, False, f"It says that it wants no answer: '{last}'.")
        return Verdict(self.name, False, f"It asks for nothing; it ends in '{last}'.")


def _says_nothing(text: str) -> bool:
    """Whether it is a number, or the same letter or two again and again."""
    if _NUMBERS.fullmatch(text):
        return True
    return len(text) >= _MANY and len(set(_LETTERS.findall(text))) <= _FEW and not _SUM.search(text)
