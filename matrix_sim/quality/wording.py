"""A message taken apart: what its writer says, and what is only quoted, pasted or code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from matrix_sim.language import Language
from matrix_sim.quality.kept import TEXTS
from matrix_sim.quality.signs import Seeker, needle_index, sign_table

LOOKED_AT = 6000
"""Characters of a message that are looked at: who speaks to whom shows early or never."""
HOLE = "▮"
"""What stands in a writer's own words where a quotation or a paste was."""
_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_QUOTATION = re.compile(
    r"「[^「」]{1,600}」|『[^『』]{1,600}』|“[^“”]{1,600}”|\"[^\"\n]{1,300}\"|`[^`\n]{1,200}`"
)
_QUOTED_LINE = re.compile(r"^[ \t]*[>＞].*$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:-{3,}|={3,}|―{3,}|─{3,}|\*{3,}|_{3,})[ \t]*$", re.MULTILINE)
_MACHINE = re.compile(r"^(?=.{8})[\x20-\x7e\t]*[a-z0-9][\x20-\x7e\t]*$", re.MULTILINE | re.I)
"""A line without a Japanese character, of some length: an error, a path, a line of code."""
_SENTENCE = {
    "ja": re.compile(r"[^。．!！?？\n]+[。．!！?？]*(?:[)）」』♪笑w🙏]+)?"),
    "en": re.compile(r"[^.!?\n]+(?:\.(?=\w)[^.!?\n]*)*[.!?]*[)\"']?"),
}
_UNUSUAL = re.compile("[Ａ-Ｚａ-ｚ０-９ｦ-ﾟ]")


@dataclass(frozen=True, slots=True)
class Wording:
    """A message as the checks of voice see it."""

    own: str
    """What the writer says, with a `HOLE` for each quotation, paste and piece of code."""
    sentences: tuple[str, ...]
    """Its sentences, each with its mark at the end."""
    pasted: int
    """Characters that stood in the holes."""

    @property
    def opening(self) -> str:
        """How it begins, blanks apart."""
        return self.own.lstrip()

    @property
    def closing(self) -> str:
        """Its last sentence of words."""
        return self.sentences[-1] if self.sentences else ""


@lru_cache(TEXTS)
def wording_of(text: str, language: Language) -> Wording:
    """Take a message apart; several checks look at the same one, so the last few are kept."""
    text = text[:LOOKED_AT]
    if _UNUSUAL.search(text):
        text = unicodedata.normalize("NFKC", text)
    own = _FENCE.sub(HOLE, text) if "```" in text or "~~~" in text else text
    own = _QUOTATION.sub(HOLE, own)
    if "\n" in own:
        own = _without_paste(_RULE.sub("", _QUOTED_LINE.sub(HOLE, own)), language)
    sentences = (found[0].strip() for found in _SENTENCE[language].finditer(own))
    kept = tuple(sentence for sentence in sentences if sentence.strip(f"{HOLE} \t、,"))
    return Wording(own, kept, len(text) - len(own))


def read_ahead(texts: Sequence[str], language: Language) -> None:
    """Take messages apart, and look at all of them for signs, at once."""
    _pastes(language)
    index = needle_index(language)
    # Most are their writers' own words throughout; taking them apart asks for signs, too.
    index.ahead(text[:LOOKED_AT] for text in texts)
    index.ahead([wording_of(text, language).own for text in texts])


def _without_paste(text: str, language: Language) -> str:
    table = _pastes(language)
    if language == "ja":
        text = _MACHINE.sub(HOLE, text)
    announced = table[0].search(text)
    if announced and text[announced.end() :].strip():
        return text[: announced.end()] + HOLE
    above, gap, last = text.rstrip().rpartition("\n")
    if gap and len(above.strip()) > len(last) // 2 and table[1].search(last):
        return f"{HOLE}\n{last}"
    return text


@lru_cache(TEXTS)
def _pastes(language: Language) -> tuple[Seeker, re.Pattern[str]]:
    table = sign_table("wording", language)
    return table.seeker("announces"), table.pattern("points_back")
