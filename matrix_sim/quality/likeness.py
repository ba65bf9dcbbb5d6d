"""How much of what two Japanese texts say is the same, whatever the endings and the order.

Kanji, katakana, Latin letters and digits carry what is said; hiragana mostly how.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from matrix_sim.quality.gram_hashes import code_points
from matrix_sim.quality.keys import key_of

_HOW = re.compile("[ぁ-ゖー]+")
_NUMERAL = re.compile("[一二三四五六七八九〇]")
_NUMERALS = str.maketrans("一二三四五六七八九〇", "1234567890")
_UNITS = {
    "キロカロリー": "kcal",
    "キログラム": "kg",
    "キロメートル": "km",
    "センチメートル": "cm",
    "ミリメートル": "mm",
    "ミリリットル": "ml",
    "メートル": "m",
    "センチ": "cm",
    "グラム": "g",
    "パーセント": "%",
}
_UNIT = re.compile("|".join(_UNITS))
_PAIRS, _PAIRS_AT_LEAST = 0.55, 0.4
"""The share of pairs without which two requests differ; the lower one where both say as good as
all of the same, and much of it."""
_ALL_SAID, _MUCH = 0.95, 7
_FEWEST = 2
"""Letters on both sides that make another thing of what is asked about: 福岡 and 仙台."""
_REPLACED = 0.8
"""The likeness that is needed even so."""

_REPHRASED = 0.6
_ENOUGH, _SAME_SAID = 12, 0.85
"""What two sentences together must say, and the share that both do, to be the same in any order."""


@dataclass(frozen=True)
class Gist:
    """A text as it is compared with others; of most, no more is asked than the pairs."""

    plain: str
    """What `plain` gave."""

    @cached_property
    def pairs(self) -> frozenset[tuple[str, ...]]:
        """Neighbouring characters."""
        return frozenset(pairwise(self.plain)) or frozenset(((self.plain,),))

    @cached_property
    def said(self) -> Counter[str]:
        """The characters that carry what is said."""
        return Counter(_HOW.sub("", self.plain))

    @cached_property
    def size(self) -> int:
        """How many those are."""
        return self.said.total()


def plain(text: str) -> str:
    """The key of a text, with numbers and units in one spelling."""
    key = key_of(text)
    if _NUMERAL.search(key):
        key = key.translate(_NUMERALS)
    return _UNIT.sub(lambda match: _UNITS[match[0]], key)


def letters_of(sentences: Sequence[str]) -> list[frozenset[str]]:
    """The characters of each that carry what is said: quickly had, to see who cannot be alike."""
    return [frozenset(said) for said in _HOW.sub("", "\n".join(sentences)).split("\n")]


def common_letters(text: str, times: int) -> int:
    """How many of the characters that carry what is said come so many times or more."""
    points = code_points(text)
    said = np.sort(points[(points < ord("ぁ")) | (points > ord("ゖ"))])
    often = said[times - 1 :]
    often = often[(often == said[: len(often)]) & (often != ord("ー"))]
    return int(np.count_nonzero(often[1:] != often[:-1])) + bool(len(often))


def likeness(one: Gist, other: Gist) -> float:
    """From 0 to 1: the mean of the share of common pairs (Jaccard) and of what is said (Dice).

    Where both have something that the other lacks, it is another request, if most is not the same;
    so it is where too few of the pairs are, for nouns in hiragana show nowhere else.
    """
    common = len(one.pairs & other.pairs)
    pairs = common / (len(one.pairs) + len(other.pairs) - common)
    if pairs < _PAIRS_AT_LEAST:
        return 0.0
    both = (one.said & other.said).total()
    said = 2 * both / (one.size + other.size) if one.size + other.size else pairs
    manner = said >= _ALL_SAID and min(one.size, other.size) >= _MUCH
    if pairs < (_PAIRS_AT_LEAST if manner else _PAIRS):
        return 0.0
    found = (pairs + said) / 2
    replaced = min(one.size, other.size) - both >= _FEWEST
    return 0.0 if replaced and found < _REPLACED else found


def said_share(one: Gist, other: Gist) -> float:
    """The share of what both say that is the same (Dice)."""
    size = one.size + other.size
    return 2 * (one.said & other.said).total() / size if size else 0.0


def rephrases(one: Gist, other: Gist) -> bool:
    """Whether two sentences say the same in other words, about the same names and numbers."""
    both = (one.said & other.said).total()
    size = one.size + other.size
    same = size >= _ENOUGH and 2 * both >= _SAME_SAID * size
    return (same or likeness(one, other) >= _REPHRASED) and not names_differ(one, other)


def names_differ(one: Gist, other: Gist) -> bool:
    """Whether either has a digit, a Latin letter or katakana that the other lacks."""
    left = (one.said - other.said) + (other.said - one.said)
    return any(c.isascii() or "ァ" <= c <= "ヺ" for c in left)
