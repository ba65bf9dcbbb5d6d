"""Which of many patterns may be found in a text, by looking at it once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from matrix_sim.quality.gram_table import GramTable
from matrix_sim.quality.kept import Kept
from matrix_sim.quality.needles import ANYHOW, DEMANDS, Way, Ways

_ALWAYS = 1
_WORD = 64
_ALIKE = {chr(letter - 32): chr(letter) for letter in range(ord("a"), ord("z") + 1)} | {
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}": "i",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{LATIN SMALL LETTER LONG S}": "s",
    "\N{KELVIN SIGN}": "k",
}
"""All that a pattern which minds no case may take for a small letter of ASCII."""


class NeedleIndex:
    """The needles of all patterns in one table.

    A way to find a pattern is a bit. For each needle there is a row with the bits of the ways that
    it opens: those whose first demands it meets, and after them those whose second ones.
    """

    def __init__(self) -> None:
        self._ways: list[Way] = []
        self._built = -1
        self._table = GramTable(())
        self._opens: npt.NDArray[np.uint64]
        self._may_find = Kept(self._look)

    def add(self, ways: Ways) -> int:
        """The bits of a pattern; one of them is set in `may_find` of a text that it is found in."""
        if ways == ANYHOW:
            return _ALWAYS
        first = len(self._ways) + 1
        self._ways += ways
        return ((1 << len(ways)) - 1) << first

    def may_find(self, text: str) -> int:
        """The bits of ways that are open in the text."""
        self._build()
        return self._may_find.of(text)

    def ahead(self, texts: Iterable[str]) -> None:
        """Look at texts that will be asked about, all at once."""
        self._build()
        self._may_find.ahead(texts)

    def _look(self, texts: Sequence[str]) -> list[int]:
        held, starts = self._table.found(texts)
        opens = self._opens.take(held, axis=0)
        met = np.bitwise_or.reduceat(opens, starts).reshape(len(texts), DEMANDS, -1)
        ways = np.bitwise_and.reduce(met, axis=1)
        return [int.from_bytes(bits.tobytes(), "little") | _ALWAYS for bits in ways]

    def _build(self) -> None:
        if self._built == len(self._ways):
            return
        self._built = len(self._ways)
        needles = sorted({needle for way in self._ways for demand in way for needle in demand})
        self._table = GramTable(needles, _ALIKE)
        rows = {needle: row for row, needle in enumerate(needles, start=1)}
        words = len(self._ways) // _WORD + 1
        self._opens = np.zeros((len(needles) + 1, DEMANDS * words), dtype="<u8")
        for bit, way in enumerate(self._ways, start=1):
            demands = sorted(way, key=sorted)
            for place in range(DEMANDS):  # a way of one demand has it twice
                meets = [rows[needle] for needle in demands[min(place, len(demands) - 1)]]
                self._opens[meets, place * words + bit // _WORD] |= np.uint64(1 << bit % _WORD)
        self._may_find = Kept(self._look)
