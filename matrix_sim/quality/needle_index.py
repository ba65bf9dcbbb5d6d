"""Which of many patterns may be found in a text, by looking at it once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from matrix_sim.quality.gram_table import GramTable
from matrix_sim.quality.needles import ANYHOW, DEMANDS, Way, Ways

_KEPT = 64
"""Texts of which it is remembered what may be found in them."""
_ALWAYS = 1
_ALIKE = {chr(letter - 32): chr(letter) for letter in range(ord("a"), ord("z") + 1)} | {
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}": "i",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{LATIN SMALL LETTER LONG S}": "s",
    "\N{KELVIN SIGN}": "k",
}
"""All that a pattern which minds no case may take for a small letter of ASCII."""


class NeedleIndex:
    """The needles of all patterns in one table.

    A way to find a pattern is a bit. For each needle there is a number with the bits of the ways
    that it opens: their first demands in the low half, their second ones above.
    """

    def __init__(self) -> None:
        self._ways: list[Way] = []
        self._table = GramTable(())
        self._opens: dict[int, int] = {}
        self._opening = np.zeros(0, dtype=np.bool_)
        self._built = 0
        self._remembered = lru_cache(maxsize=_KEPT)(self._look)

    def add(self, ways: Ways) -> int:
        """The bits of a pattern; one of them is set in `may_find` of a text that it is found in."""
        if ways == ANYHOW:
            return _ALWAYS
        first = len(self._ways) + 1
        self._ways += ways
        return ((1 << len(ways)) - 1) << first

    def may_find(self, text: str) -> int:
        """The bits of ways that are open in the text."""
        if self._built < len(self._ways):
            self._build()
        return self._remembered(text)

    def _look(self, text: str) -> int:
        opened = 0
        held = self._table.found(text)
        for number in held[self._opening.take(held)].tolist():
            opened |= self._opens[number]
        found = opened
        for _ in range(1, DEMANDS):
            opened >>= len(self._ways) + 1
            found &= opened
        return found | _ALWAYS

    def _build(self) -> None:
        self._built = len(self._ways)
        self._table = GramTable([needle for needle, _ in self._places()], _ALIKE)
        self._opens = dict.fromkeys((self._table[needle] for needle, _ in self._places()), 0)
        for needle, place in self._places():
            self._opens[self._table[needle]] |= 1 << place
        self._opening = np.zeros(len(self._table), dtype=np.bool_)
        self._opening[list(self._opens)] = True
        self._remembered.cache_clear()

    def _places(self) -> Iterator[tuple[str, int]]:
        """Each needle with each bit that it sets; a way of few demands has one of them twice."""
        for bit, way in enumerate(self._ways, start=1):
            demands = sorted(way, key=sorted)
            for half in range(DEMANDS):
                place = bit + half * (len(self._ways) + 1)
                yield from ((n, place) for n in sorted(demands[min(half, len(demands) - 1)]))
