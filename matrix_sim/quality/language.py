"""`language`: what is written is in the language of the run; thinking may be in any."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matrix_sim.config.quality import LanguageCheckConfig
from matrix_sim.language import Language
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.prose import spoken
from matrix_sim.quality.scripts import (
    HANGUL,
    JAPANESE_OR_CHINESE,
    LATIN,
    NATIVE,
    OTHER,
    PASSAGE,
    WORD,
    chinese,
    is_english,
    is_romaji,
    mojibake,
)
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of, vocabulary

_QUOTED = re.compile('「[^「」]*」|『[^『』]*』|“[^“”]*”|"[^"\n]*"|（[^（）]*）|\\([^()\n]*\\)')
_PASTED = re.compile(rf"(?:{any_of('log_words')})", re.IGNORECASE)
_CODE_SIGNS = re.compile(r"[={}<>;$#|\\\[\]_]|\(\)|--")
_LEAST_LETTERS = 12
"""Of a message whose share is looked at."""
_LEAST_WORDS = 4
_SCATTERED = 3
"""Plain English words among Japanese ones that are too many."""
_NAMED = {"english", "japanese", "chinese", "korean"}
_USERS_OWN = 30
"""Characters of English in a user's Japanese message; a shorter passage is what it is about."""


def _about(name: str) -> re.Pattern[str]:
    return re.compile(any_of(name).lower())  # quicker than a pattern for both cases


class LanguageCheck:
    """Looks at every message of the user and the assistant.

    What the user asks for in another language, or asks about, is no fault; nor is what stands in
    quotation marks, what is code, an address, or a pasted message of a program.
    """

    name = "language"

    def __init__(self, config: LanguageCheckConfig, language: Language) -> None:
        self._share, self._run = config.native, config.foreign_run
        self._language = language
        self._native = NATIVE[language]
        self._topics = {
            topic: _about(f"about_{topic}")
            for topic in ("any", "english", "japanese", "chinese", "korean", "romaji", "mojibake")
        }
        self._places = {topic: _about(f"places_{topic}") for topic in ("chinese", "korean")}
        self._translation = _about("about_translation")
        every = (*self._topics.values(), *self._places.values(), self._translation)
        self._anything = re.compile("|".join(about.pattern for about in every))

    def look(self, row: Row) -> Verdict:
        """Refused with the first passage in another language."""
        asked = "\n".join(turn.content for turn in row.turns if turn.role == "user").lower()
        wanted = mentioned = set[str]()
        if self._anything.search(asked):  # most requests are about no language
            wanted = {topic for topic, about in self._topics.items() if about.search(asked)}
            mentioned = {topic for topic, about in self._places.items() if about.search(asked)}
            if self._translation.search(asked) and not wanted & _NAMED:
                wanted.add("any")  # whatever the language is, it is asked for
        said = (turn for turn in (*row.turns, *row.chosen) if turn.role != "system")
        reasons = (
            f"{turn.role}: {why}" for turn in said for why in self._reasons(turn, wanted, mentioned)
        )
        return verdict(self.name, next(reasons, None))

    def _reasons(self, turn: Turn, wanted: set[str], mentioned: set[str]) -> Iterator[str]:
        text = spoken(turn.content)
        broken = None if "mojibake" in wanted else mojibake(text)
        if broken is not None:
            yield f"mojibake: {quoted(text[broken.start() :])}"
        if "any" in wanted:
            return
        unquoted = _QUOTED.sub(" ", text)
        for topic, pattern in (("korean", HANGUL.search), ("any", OTHER.search)):
            foreign = pattern(unquoted if topic in mentioned else text)
            if foreign is not None and topic not in wanted:
                name = "Korean" if topic == "korean" else "a foreign script"
                yield f"{name}: {quoted(text[max(0, foreign.start() - 4) :])}"
        if self._language == "ja":
            yield from self._in_japanese(turn, text, unquoted, wanted, mentioned)
        else:
            yield from self._in_english(unquoted, wanted)

    def _in_japanese(
        self, turn: Turn, text: str, unquoted: str, wanted: set[str], mentioned: set[str]
    ) -> Iterator[str]:
        if "chinese" not in wanted:
            shown = unquoted if "chinese" in mentioned else text
            found = chinese(shown)
            if found is not None:
                yield f"Chinese: {quoted(shown[max(0, found.start() - 4) :])}"
        if LATIN.search(unquoted) is None:
            return
        pasted = turn.role == "user" and self._native.search(text) is not None
        lines = unquoted.split("\n")
        prose = "\n".join(line for line in lines if not (pasted and self._is_pasted(line)))
        yield from self._latin(prose, wanted, _USERS_OWN if pasted else 0)
        if not pasted:
            yield from self._too_little(prose, wanted)
            yield from self._scattered(prose, wanted)

    def _latin(self, prose: str, wanted: set[str], least: int) -> Iterator[str]:
        for passage in PASSAGE.finditer(prose):
            words = WORD.findall(passage[0])
            if len(words) < _LEAST_WORDS:
                continue
            if "romaji" not in wanted and is_romaji(words):
                yield f"Japanese in Latin letters: {quoted(passage[0])}"
            elif "english" in wanted or (least and _PASTED.search(passage[0])):
                continue
            elif len(passage[0]) >= least and is_english(words):
                yield f"English: {quoted(passage[0])}"
            elif (
                len(passage[0]) >= self._run
                and not _PASTED.search(passage[0])
                and sum(word.islower() for word in words) * 2 > len(words)
            ):
                yield f"not Japanese: {quoted(passage[0])}"

    def _too_little(self, prose: str, wanted: set[str]) -> Iterator[str]:
        """Whether too few letters belong to the language."""
        if wanted & {"english", "romaji"}:
            return
        lines = [line for line in prose.split("\n") if not _CODE_SIGNS.search(line)]
        text = "\n".join(lines)
        native, latin = len(self._native.findall(text)), len(LATIN.findall(text))
        if native + latin < _LEAST_LETTERS or native >= self._share * (native + latin):
            return
        if sum(word.islower() for word in WORD.findall(text)) >= _LEAST_WORDS:
            yield f"{native} of {native + latin} letters are Japanese: {quoted(text.strip())}"

    def _scattered(self, text: str, wanted: set[str]) -> Iterator[str]:
        """English words within Japanese sentences, where Japanese has words of its own."""
        if "english" in wanted:
            return
        lines = [line for line in text.split("\n") if not _CODE_SIGNS.search(line)]
        words = [word for line in lines for word in WORD.findall(line) if word.islower()]
        plain = dict.fromkeys(word for word in words if word in vocabulary("plain_english"))
        if len(plain) >= _SCATTERED:
            yield f"English words: {', '.join(plain)}"

    def _is_pasted(self, line: str) -> bool:
        """Whether a line of a user's message is what a program said."""
        return self._native.search(line) is None and _PASTED.search(line) is not None

    def _in_english(self, prose: str, wanted: set[str]) -> Iterator[str]:
        if wanted & {"japanese", "chinese"}:
            return
        for passage in JAPANESE_OR_CHINESE.finditer(prose):
            # A character of these says about as much as three Latin letters.
            if 3 * len(passage[0]) >= self._run:
                yield f"not English: {quoted(passage[0])}"
        foreign = sum(len(passage[0]) for passage in JAPANESE_OR_CHINESE.finditer(prose))
        native = len(self._native.findall(prose))
        if foreign + native >= _LEAST_LETTERS and native < self._share * (foreign + native):
            yield f"{native} of {native + foreign} letters are English: {quoted(prose.strip())}"
