"""`near_duplicate`: no two rows ask nearly the same.

MinHash finds what may be alike, by the pairs of characters of which one carries what is said; what
it finds is compared with `likeness`, which knows 教えてください from 教えて and 福岡 from 仙台.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from matrix_sim.config.quality import NearDuplicateCheckConfig
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.gram_hashes import Hashes, code_points, mixed
from matrix_sim.quality.kept import TEXTS
from matrix_sim.quality.likeness import Gist, likeness, plain
from matrix_sim.quality.minhash import BandIndex, Signature, signature
from matrix_sim.quality.vectors import Vector, VectorIndex
from matrix_sim.quality.verdicts import quoted, verdict

_SHIFT = np.uint64(32)
_FEWEST = 4
"""Such pairs; a text that has fewer is looked for by all of its pairs."""
_HOW = (ord("ぁ"), ord("ゖ"), ord("ー"))
_WORTH_A_LOOK = 0.4
"""Estimated Jaccard similarity; near duplicates have 0.63 and more."""
_MOST_COMPARED = 16
_KEPT = 64
"""Texts whose signatures are kept, from looking at a row until it is remembered."""
_REMEMBERED = 2000
"""Characters of a request; longer ones are compared by their beginnings, so that memory is bounded
by the row."""


class NearDuplicateMemory:
    """Remembers requests and what finds them."""

    name = "near_duplicate"

    def __init__(self, config: NearDuplicateCheckConfig) -> None:
        self._least, self._cosine = config.similarity, config.cosine
        self._index = BandIndex()
        self._vectors = VectorIndex()
        self._texts: list[str] = []
        self._labels: list[str] = []

    def look(self, row: Row, vector: Vector | None = None) -> Verdict | None:
        """Refused where an earlier row asks nearly the same; None without a request.

        Args:
            row: what is judged.
            vector: of its request, if it is to be compared by its vector too.
        """
        text = _text_of(row)
        if not text:
            return None
        best, number = self._most_alike(text)
        if best >= self._least and best > 0:
            return verdict(self.name, self._told("alike", best, number))
        nearest = None if vector is None else self._vectors.nearest(vector)
        if nearest is not None and self._cosine is not None and nearest[0] >= self._cosine:
            return verdict(self.name, self._told("cosine", *nearest))
        return verdict(self.name, None)

    def remember(self, row: Row, label: str, vector: Vector | None = None) -> None:
        """Compare what follows with this row."""
        text = _text_of(row)
        if not text:
            return
        if vector is not None and self._cosine is not None:
            self._vectors.add(len(self._texts), vector)
        self._index.add(_signature(text))
        self._texts.append(text)
        self._labels.append(label)

    def _most_alike(self, text: str) -> tuple[float, int]:
        """The likeness of the earlier request that is most like this one, and its number."""
        found = self._index.like(_signature(text), _WORTH_A_LOOK)
        if not found:
            return 0.0, 0
        mine = Gist(text)
        scored = ((likeness(mine, Gist(self._texts[n])), -n) for n in found[:_MOST_COMPARED])
        best, number = max(scored)
        return best, -number

    def _told(self, how: str, share: float, number: int) -> str:
        return f"{share:.0%} {how}: {self._labels[number]} asks {quoted(self._texts[number])}"


@lru_cache(TEXTS)
def _plain(request: str) -> str:
    return plain(request)[:_REMEMBERED]


def _text_of(row: Row) -> str:
    return _plain(row.request)


@lru_cache(TEXTS)
def _signature(text: str) -> Signature:
    return signature(_shingles(text))


def _shingles(text: str) -> Hashes:
    """Hashes of the pairs of characters of which one carries what is said."""
    points = code_points(text).astype(np.uint64)
    if len(points) == 1:
        return mixed(points)
    pairs = (points[:-1] << _SHIFT) | points[1:]
    first, last, long = _HOW
    how = ((points >= first) & (points <= last)) | (points == long)
    carrying = pairs[~(how[:-1] & how[1:])]
    return mixed(carrying if len(carrying) >= _FEWEST else pairs)
