"""`length`: neither empty nor endless, and no nod where an answer is due."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from matrix_sim.config.quality import LengthCheckConfig
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of

_LETTER = re.compile(r"[\w\u2200-\u22ff×÷]")
"""Or a sign that makes a formula."""
_LONGEST_NOD = 40
"""Characters of an answer; a longer one says more than yes or no."""
_TELLING = ((5, 8), (8, 16))
"""Fewer letters of an answer than the first do not answer an open question of the second."""
_NOD = re.compile(rf"(?:{any_of('nods')})+")
_OPEN = re.compile(rf"(?:{any_of('open_questions')})")
_BRIEF = re.compile(rf"(?:{any_of('brief_answers')})")
_YES_OR_NO = re.compile(r"(?:[かのい](?:な|ね)?|って?|かしら|でしょう|\?|？)[?？。!！]*\s*$|[?？]")
_ASKS_WHAT = re.compile(rf"(?:{any_of('interrogatives')})")


class LengthCheck:
    """Looks at every message by itself, and at what an answer answers."""

    name = "length"

    def __init__(self, config: LengthCheckConfig) -> None:
        self._user, self._assistant = config.user, config.assistant

    def look(self, row: Row) -> Verdict:
        """Refused with the first message that is too short or too long."""
        return verdict(self.name, next(self._reasons(row), None))

    def _reasons(self, row: Row) -> Iterator[str]:
        least, most = self._user
        if not any(turn.role == "user" for turn in row.turns):
            yield "no message of a user"
        asked = ""
        for turn in row.turns:
            if turn.role == "user":
                # What follows the first message may be a word: "why?", "2".
                yield from _bounds(turn, least if not asked else min(1, least), most)
                asked = turn.content
            elif turn.role == "assistant":
                yield from self._answer(turn, asked)
        for turn in row.chosen:
            if turn.role == "assistant":
                yield from self._answer(turn, asked)

    def _answer(self, turn: Turn, asked: str) -> Iterator[str]:
        yield from _bounds(turn, *self._assistant)
        if len(turn.content) <= _LONGEST_NOD and _only_nods(turn.content, asked):
            yield f"the answer {quoted(turn.content)} says too little for {quoted(asked)}"


def _bounds(turn: Turn, least: int, most: int) -> Iterator[str]:
    letters = len(list(islice(_LETTER.finditer(turn.content), least)))
    if letters < least:
        yield f"{turn.role}: {quoted(turn.content)} has {letters} letters; at least {least}"
    if len(turn.content) > most:
        yield f"{turn.role}: {len(turn.content)} characters; at most {most}"


def _only_nods(answer: str, asked: str) -> bool:
    said = key_of(answer)
    if _BRIEF.search(asked):
        return False
    opened = _OPEN.search(asked) is not None
    if _NOD.fullmatch(said):
        closed = _YES_OR_NO.search(asked) and not _ASKS_WHAT.search(asked)
        return opened or not closed
    return opened and any(len(said) < few and len(key_of(asked)) >= much for few, much in _TELLING)
