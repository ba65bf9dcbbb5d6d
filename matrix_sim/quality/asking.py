"""Whether a message asks for something: what three of the checks want to know."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache, lru_cache

from matrix_sim.language import Language
from matrix_sim.quality.kept import TEXTS
from matrix_sim.quality.signs import sign_table
from matrix_sim.quality.wording import HOLE, Wording, wording_of

_KEYWORDS = 90
"""Characters that a message of key words has at most."""
_ITEM = re.compile(r"\s*(?:[・\-*•●○■□◆※◯]|[0-9０-９①-⑳]+[.．、)）]?)")
"""How a line of conditions begins."""
_SEARCH = re.compile(r"[^\s、。]{1,20}(?:[ 　]+[^\s、。]{1,20}){2,}")
"""Words between blanks, which Japanese has in a search box only."""
_INSTRUCTION = 40
"""Characters beside a paste that are an instruction even where they are no sentence."""


class Strength(IntEnum):
    """How clearly something is asked for."""

    NOTHING = 0
    WAIVED = 1
    """It says itself that it wants no answer."""
    MAYBE = 2
    """A wish, a trouble, a wondering: often a request, now and then a diary."""
    KEYWORDS = 3
    """Words as one types them into a search box."""
    PLAIN = 4


class Asking:
    """How one asks in a language."""

    def __init__(self, language: Language) -> None:
        table = sign_table("asking", language)
        self._language = language
        self._waived = table.signs("waived")
        self._plain = table.signs("plain")
        self._soft = table.signs("soft")
        self._topical = table.pattern("topical")
        self._alone = table.signs("alone")
        self._telling = table.signs("telling")
        self._finite = table.signs("finite")
        self._courtesy = table.pattern("courtesy")
        self._log = table.pattern("log")

    def strength(self, text: str) -> Strength:
        """How clearly the message asks."""
        wording = wording_of(text, self._language)
        if self._waived.find(wording.own):
            return Strength.WAIVED
        said = self._sentences(wording, text)
        whole = None if wording.pasted else wording.own
        if any(self._plain.find(sentence, whole) for sentence in said):
            return Strength.PLAIN
        if not self._courtesy.sub("", wording.own).strip():
            return Strength.NOTHING
        if self._is_key_words(wording):
            return Strength.KEYWORDS
        told = self._telling.find(wording.closing, wording.own)
        may = any(self._soft.find(sentence, whole) for sentence in said)
        may = may or self._adds_conditions(wording) or self._log.search(text) is not None
        if len(wording.sentences) == 1 and self._alone.find(wording.closing, wording.own):
            return Strength.NOTHING if told else Strength.MAYBE
        may = may and not told
        return Strength.MAYBE if may else Strength.NOTHING

    def _sentences(self, wording: Wording, text: str) -> tuple[str, ...]:
        """What may ask; after a paste, the last line of the whole may be the writer's again."""
        if not wording.pasted:
            return wording.sentences
        last = wording_of(text.rstrip().rpartition("\n")[2], self._language)
        return (*wording.sentences, *last.sentences)

    def _adds_conditions(self, wording: Wording) -> bool:
        """Whether it ends in words without a stop that are no sentence: "...。2泊3日、車なし"."""
        last = wording.closing
        if len(wording.sentences) < 2 or not last[-1:].isalnum():
            return False
        return not self._finite.find(last, wording.own)

    def _is_key_words(self, wording: Wording) -> bool:
        own = wording.own.strip()
        if wording.pasted and len(own) <= _INSTRUCTION and not self._finite.find(own, wording.own):
            return True
        lines = [line for line in own.splitlines() if line.strip(f"{HOLE} \t")]
        if not lines or len(lines[0]) > _KEYWORDS:
            return not lines and wording.pasted > 0
        if self._language == "ja" and _SEARCH.fullmatch(lines[0].strip()):
            return True
        if len(lines) > 1 and all(_ITEM.match(line) for line in lines[1:]):
            return not self._finite.find(lines[0], wording.own)
        stops = sum(sentence.endswith(("。", ".")) for sentence in wording.sentences)
        noted = stops and self._topical.search(wording.own)
        return not noted and not any(self._finite.find(s, wording.own) for s in wording.sentences)


@lru_cache(TEXTS)
def strength_of(text: str, language: Language) -> Strength:
    """How clearly a message asks; several checks want to know it of the same one."""
    return asking_in(language).strength(text)


@cache
def asking_in(language: Language) -> Asking:
    """The one of a language, made once a process."""
    return Asking(language)
