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
    OF_ELSEWHERE,
    OTHER,
    PASSAGE,
    WORD,
    chinese,
    is_english,
    is_european,
    is_romaji,
    mojibake,
)
from matrix_sim.quality.strays import (
    encoded,
    english_frame,
    english_joint,
    english_wish,
    foreign_word,
    has_words,
)
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of, vocabulary

_QUOTED = re.compile('「[^「」]*」|『[^『』]*』|“[^“”]*”|"[^"\n]*"|（[^（）]*）|\\([^()\n]*\\)')
_PASTED = re.compile(rf"(?:{any_of('log_words')})", re.IGNORECASE)
_CODE_SIGNS = re.compile(r"[={}<>;$#|\\\[\]_]|\(\)|--")
_STOP = re.compile(r"[.!?]\s*$")
_LEAST_LETTERS = 12
"""Of a message whose share is looked at."""
_LEAST_WORDS = 4
_SCATTERED = 3
"""Plain English words among Japanese ones that are too many."""
_EXPLAINS = 2
"""Words about grammar in an answer without Japanese that make it an English explanation."""
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
        self._correction = _about("about_correction")
        self._english = _about("asks_for_english")
        self._markup = _about("about_markup")
        every = (*self._topics.values(), *self._places.values(), self._translation)
        self._anything = re.compile("|".join(about.pattern for about in every))

    def look(self, row: Row) -> Verdict:
        """Refused with the first passage in another language."""
        messages = "\n".join(turn.content for turn in row.turns if turn.role == "user")
        asked = messages.lower()
        wanted = mentioned = set[str]()
        if self._anything.search(asked):  # most requests are about no language
            wanted = {topic for topic, about in self._topics.items() if about.search(asked)}
            mentioned = {topic for topic, about in self._places.items() if about.search(asked)}
            if self._translation.search(asked) and not wanted & _NAMED:
                wanted.add("any")  # whatever the language is, it is asked for
        wanted |= self._shown(messages)
        if "english" not in wanted and self._asks_about_english(messages, asked):
            wanted.add("english")
        elif "english" in wanted and not self._english.search(asked):
            wanted.add("japanese")  # to be explained in
        if self._markup.search(asked):
            wanted.add("markup")
        said = (turn for turn in (*row.turns, *row.chosen) if turn.role != "system")
        reasons = (
            f"{turn.role}: {why}" for turn in said for why in self._reasons(turn, wanted, mentioned)
        )
        return verdict(self.name, next(reasons, None))

    def _shown(self, messages: str) -> set[str]:
        """The topics that a user asks about by quoting something."""
        quotations = "\n".join(_QUOTED.findall(messages))
        if not quotations:
            return set()
        found = {
            "korean": HANGUL.search(quotations),
            "other": OTHER.search(quotations),
            "mojibake": mojibake(quotations) or encoded(quotations),
            "chinese": chinese(quotations) if self._language == "ja" else None,
        }
        return {topic for topic, match in found.items() if match is not None}

    def _asks_about_english(self, messages: str, asked: str) -> bool:
        if self._language != "ja" or not has_words(messages):
            return False
        if self._correction.search(asked) is None:
            return False
        passages = (WORD.findall(found[0]) for found in PASSAGE.finditer(messages))
        quotations = (WORD.findall(quotation) for quotation in _QUOTED.findall(messages))
        return any(map(is_english, passages)) or any(len(words) > 1 for words in quotations)

    def _reasons(self, turn: Turn, wanted: set[str], mentioned: set[str]) -> Iterator[str]:
        text = spoken(turn.content)
        broken = None if "mojibake" in wanted else mojibake(text) or encoded(text)
        if broken is not None:
            yield f"mojibake: {quoted(text[broken.start() :])}"
        if "any" in wanted:
            return
        unquoted = _QUOTED.sub(" ", text)
        scripts = OF_ELSEWHERE.search(text) is not None
        for topic, pattern in (("korean", HANGUL.search), ("other", OTHER.search)):
            shown = unquoted if topic in mentioned else text
            foreign = pattern(shown) if scripts else None
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
        if has_words(unquoted):
            yield from self._strays(turn, unquoted, wanted)
        pasted = turn.role == "user" and (
            self._native.search(text) is not None or self._is_report(text)
        )
        lines = unquoted.split("\n")
        prose = "\n".join(line for line in lines if not (pasted and self._is_pasted(line)))
        yield from self._latin(prose, wanted, _USERS_OWN if pasted else 0)
        if not pasted:
            yield from self._too_little(prose, wanted)
            yield from self._scattered(prose, wanted)

    def _strays(self, turn: Turn, unquoted: str, wanted: set[str]) -> Iterator[str]:
        """Single words of other languages among Japanese ones."""
        words = set(map(str.lower, WORD.findall(unquoted)))
        word = foreign_word(unquoted, words)
        if word is not None:
            yield f"a foreign word: {quoted(unquoted[max(0, word.start() - 4) :])}"
        if "english" in wanted:
            if turn.role == "assistant" and "japanese" in wanted:
                yield from self._explains_in_english(unquoted)
            return
        found = english_joint(unquoted, words)
        if turn.role == "user":
            found = found or (
                english_wish(unquoted, words) if self._native.search(unquoted) else None
            )
        elif "markup" not in wanted:
            found = found or english_frame(unquoted, words)
        if found is not None:
            yield f"English: {quoted(found)}"

    def _explains_in_english(self, text: str) -> Iterator[str]:
        """Whether an answer about English has no Japanese, and explains."""
        if self._native.search(text) is not None:
            return
        words = vocabulary("about_grammar").intersection(map(str.lower, WORD.findall(text)))
        if len(words) >= _EXPLAINS:
            yield f"English: {quoted(text)}"

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
            elif self._is_foreign(passage[0], words, least):
                yield f"not Japanese: {quoted(passage[0])}"

    def _is_foreign(self, passage: str, words: list[str], least: int) -> bool:
        """Whether it is a sentence of a language that nobody names, or long enough to be one."""
        if not least and _STOP.search(passage) and is_european(words):
            return True
        small = sum(word.islower() for word in words) * 2 > len(words)
        return small and len(passage) >= self._run and _PASTED.search(passage) is None

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
        joined = len(plain) > 1 and all(
            re.search(f"{word}(?:です|でし|で、|だ|な|に|する|し)", text) for word in plain
        )
        if joined or len(plain) >= _SCATTERED:
            yield f"English words: {', '.join(plain)}"

    def _is_report(self, text: str) -> bool:
        """Whether a message is only what a program said, with no sentence of English."""
        return all(
            _PASTED.search(line) and not is_english(WORD.findall(line))
            for line in text.strip().split("\n")
        )

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
