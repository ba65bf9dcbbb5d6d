"""MinHash signatures, and an index of them that finds those like a new one (LSH by bands).

Broder 1997; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", chapter 3. Two sets with
the Jaccard similarity s have a component of their signatures in common with probability s, and
all of a band of r with s**r: of b bands one is found with 1 - (1 - s**r)**b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from matrix_sim.quality.gram_hashes import Hashes, mixed
from matrix_sim.randomness import named_seed

BANDS, ROWS = 32, 4
"""128 permutations. Of sets with s = 0.63, what near duplicates of Japanese requests have at least,
0.4 % are not found; of those with s = 0.1 no more than 0.3 % are, for a closer look to dismiss."""
PERMUTATIONS = BANDS * ROWS
_CHUNK = 512
"""Grams that are permuted at once: bounds the memory that a long text takes."""
_LONGEST_CHAIN = 12
_FIRST_CAPACITY = 1024
_SHIFT = np.uint64(32)
_OF_BANDS = np.array(
    [named_seed(0, "minhash-band", str(band)) for band in range(BANDS)], dtype=np.uint64
)
_OF_PLACES = np.array(
    [named_seed(0, "minhash-place", str(n)) | 1 for n in range(ROWS)], dtype=np.uint64
)
_TIMES = np.array(
    [named_seed(0, "minhash-times", str(n)) | 1 for n in range(PERMUTATIONS)], dtype=np.uint64
)[:, None]
_PLUS = np.array(
    [named_seed(0, "minhash-plus", str(n)) for n in range(PERMUTATIONS)], dtype=np.uint64
)[:, None]

S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Signature:
    """What is kept of a set."""

    low: npt.NDArray[np.uint8]
    """The lowest byte of each component; shape (PERMUTATIONS,)."""
    bands: npt.NDArray[np.uint32]
    """A hash of each band; shape (BANDS,)."""


def signature(hashes: Hashes) -> Signature:
    """The signature of a set of hashes.

    Args:
        hashes: not empty; repeats make no difference.
    """
    least = minima(hashes)
    parts = least.reshape(BANDS, ROWS) * _OF_PLACES
    bands = mixed(parts.sum(axis=1) + _OF_BANDS)
    return Signature(least.astype(np.uint8), bands.astype(np.uint32))


def minima(hashes: Hashes) -> npt.NDArray[np.uint32]:
    """The least value of each permutation; shape (PERMUTATIONS,).

    Permutations are by multiplication and shift (Dietzfelbinger et al. 1997).
    """
    least = np.full(PERMUTATIONS, np.iinfo(np.uint32).max, dtype=np.uint32)
    for start in range(0, len(hashes), _CHUNK):
        permuted = hashes[start : start + _CHUNK] * _TIMES
        permuted += _PLUS
        np.minimum(least, (permuted.min(axis=1) >> _SHIFT).astype(np.uint32), out=least)
    return least


class BandIndex:
    """Signatures by number, and which of them share a band with another.

    For each row it takes 640 to 1,300 bytes: the byte of every component that estimates
    go by, the hashes of the bands, and chained tables of them.
    """

    def __init__(self) -> None:
        self._count = 0
        self._bytes = np.empty((_FIRST_CAPACITY, PERMUTATIONS), dtype=np.uint8)
        self._bands = np.empty((_FIRST_CAPACITY, BANDS), dtype=np.uint32)
        self._earlier = np.full((_FIRST_CAPACITY + 1, BANDS), -1, dtype=np.int32)
        self._latest = np.full((BANDS, 2 * _FIRST_CAPACITY), -1, dtype=np.int32)
        self._places = np.arange(BANDS)

    def __len__(self) -> int:
        return self._count

    @property
    def size(self) -> int:
        """Bytes of memory."""
        held = (self._bytes, self._bands, self._earlier, self._latest)
        return sum(array.nbytes for array in held)

    def add(self, sign: Signature) -> None:
        """Keep a signature under the next number, from 0."""
        if self._count == len(self._bytes):
            self._grow()
        number = self._count
        bands = sign.bands
        slots = bands & np.uint32(self._latest.shape[1] - 1)
        self._bytes[number] = sign.low
        self._bands[number] = bands
        self._earlier[number] = self._latest[self._places, slots]
        self._latest[self._places, slots] = number
        self._count = number + 1

    def like(self, sign: Signature, least: float) -> list[int]:
        """The numbers of signatures whose estimated similarity is `least` or more, best first.

        Of those that share a band with it the latest 12 are looked at: of the bands that a near
        duplicate shares, hardly all are that common.
        """
        bands = sign.bands
        slots = bands & np.uint32(self._latest.shape[1] - 1)
        at = self._latest[self._places, slots]
        met = [at]
        while len(met) < _LONGEST_CHAIN and at.max() >= 0:
            at = self._earlier[at, self._places]  # from -1 the last row leads to -1
            met.append(at)
        chains = np.stack(met)
        same = (chains >= 0) & (self._bands[chains, self._places] == bands)
        numbers = np.unique(chains[same])
        if not len(numbers):
            return []
        agreed = np.count_nonzero(self._bytes[numbers] == sign.low, axis=1) / PERMUTATIONS
        # Bytes of different values are equal once in 256 (b-bit minwise hashing: Li, König 2010).
        similarity = (agreed - 1 / 256) / (1 - 1 / 256)
        enough = similarity >= least
        found = zip((-similarity[enough]).tolist(), numbers[enough].tolist(), strict=True)
        return [number for _, number in sorted(found)]

    def _grow(self) -> None:
        capacity = 2 * len(self._bytes)
        self._bytes = _extended(self._bytes, capacity)
        self._bands = _extended(self._bands, capacity)
        self._earlier = np.full((capacity + 1, BANDS), -1, dtype=np.int32)
        slots = self._latest.shape[1] * 2
        self._latest = np.full((BANDS, slots), -1, dtype=np.int32)
        for band in range(BANDS):
            self._chain(band, slots)

    def _chain(self, band: int, slots: int) -> None:
        """Build the table of a band anew: each slot leads to the latest number in it."""
        slot = self._bands[: self._count, band] & np.uint32(slots - 1)
        order = np.argsort(slot, kind="stable").astype(np.int32)
        in_order = slot[order]
        same = in_order[1:] == in_order[:-1]
        self._earlier[order[1:], band] = np.where(same, order[:-1], -1)
        last = np.append(~same, True)
        self._latest[band, in_order[last]] = order[last]


def _extended(array: npt.NDArray[S], rows: int) -> npt.NDArray[S]:
    longer = np.empty((rows, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
