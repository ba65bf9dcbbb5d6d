"""A text as the rules compare it, with the way back to the characters it was folded from.

Full-width letters and digits, half-width katakana, accents, the many hyphens and spaces: all
are one for comparison. Characters that nobody sees (zero-width ones) are left out. The text itself
is never rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from unicodedata import category, combining, normalize

from matrix_sim.personas.anonymise.words import words

_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d\u02d7\u2500"
_UNSEEN = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
    "\U000e0100-\U000e01ef]"
)
"""Zero-width characters, direction marks, and the selectors of variants of a character."""
_NO_ACCENT = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
_VARIANTS = {
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    **{form: forms[0] for forms in words("kanji_variants") for form in forms[1:]},
}
"""Apostrophes, and the forms of a kanji that one family writes and others mistake."""
_MARKS = "\u0300-\u036f\u3099\u309a\uff9e\uff9f"
_MARK = re.compile(f"[{_MARKS}]")
_CHANGING = (
    range(0x80, 0x3400),
    range(0xF900, 0x10000),
    range(0x1D400, 0x1D800),
    range(0x1F100, 0x1F200),
    range(0xE0100, 0xE01F0),
    tuple(map(ord, _VARIANTS)),
)
"""Where Unicode keeps characters that are others in another form; few are among the kanji."""
_CLUSTER = re.compile(rf".[{_MARKS}]*", re.DOTALL)
_KANA_MARKS = re.compile("[\u3099\u309a]")


@dataclass(frozen=True, slots=True)
class Folded:
    """The folded text, and where each of its characters comes from."""

    text: str
    _begins: Sequence[int]
    _ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` (not empty) stands in the text that was folded."""
        return self._begins[start], self._ends[end - 1]

    def __repr__(self) -> str:
        return f"Folded({len(self.text)} characters)"


def folded(text: str) -> Folded:
    """Fold `text` for comparison."""
    length = len(text)
    if text.isascii():
        return Folded(text, range(length), range(1, length + 1))
    one, other = _tables()
    if other.isdisjoint(text):
        # Not `str.translate`: for Japanese text it takes five times as long.
        for character in sorted(one.keys() & set(text)):
            text = text.replace(character, one[character])
        return Folded(text, range(length), range(1, length + 1))
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        piece = _fold_cluster(cluster[0])
        pieces.append(piece)
        begins += [cluster.start()] * len(piece)
        ends += [cluster.end()] * len(piece)
    return Folded("".join(pieces), begins, ends)


@cache
def _tables() -> tuple[dict[str, str], frozenset[str]]:
    """What becomes one other character, and what becomes none or more or changes its neighbour."""
    one: dict[str, str] = {}
    other: list[str] = []
    for code in chain(*_CHANGING):
        character = chr(code)
        piece = _fold_cluster(character)
        if len(piece) != 1 or _MARK.match(character):
            other.append(character)
        elif piece != character:
            one[character] = piece
    return one, frozenset(other)


@cache
def _fold_cluster(cluster: str) -> str:
    if cluster in _VARIANTS:
        return _VARIANTS[cluster]
    if _UNSEEN.fullmatch(cluster):
        return ""
    if cluster in _HYPHENS:
        return "-"
    piece = normalize("NFKC", cluster)
    if len(piece) == 1 and category(piece) == "Zs":
        return " "
    if any(c in _NO_ACCENT for c in piece):
        piece = "".join(_NO_ACCENT.get(c, c) for c in piece)
    return "".join(_without_accent(c) for c in piece).replace("ß", "ss")


def _without_accent(character: str) -> str:
    parts = normalize("NFD", character)
    if len(parts) == 1 or _KANA_MARKS.search(parts):
        return "" if combining(character) and not _KANA_MARKS.match(character) else character
    base = "".join(part for part in parts if not combining(part))
    # Hangul falls apart too, into parts that combine with nothing: it stays as it is.
    return base if len(base) == 1 else character
