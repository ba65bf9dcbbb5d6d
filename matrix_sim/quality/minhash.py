"""MinHash signatures, and an index of them that finds those like a new one (LSH by bands).

Broder 1997; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", chapter 3. Two sets with
the Jaccard similarity s have a component of their signatures in common with probability s, and
all of a band of r with s**r: of b bands one is found with 1 - (1 - s**r)**b.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from matrix_sim.quality.gram_hashes import Hashes
from matrix_sim.randomness import named_seed

BANDS, ROWS = 32, 4
"""128 permutations. Of sets with s = 0.63, what near duplicates of Japanese requests have at least,
0.4 % are not found; of those with s = 0.1 no more than 0.3 % are, for a closer look to dismiss."""
PERMUTATIONS = BANDS * ROWS
_CHUNK = 512
"""Grams that are permuted at once: bounds the memory that a long text takes."""
_LONGEST_CHAIN = 12
_FIRST_CAPACITY = 1024
_HALF = np.uint64(32)
"""Bits: the upper ones of a product are the well spread ones."""
_OF_PLACES = np.array(
    [named_seed(0, "minhash-place", str(n)) | 1 for n in range(ROWS)], dtype=np.uint64
)
_TIMES = np.array(
    [named_seed(0, "minhash-times", str(n)) | 1 for n in range(PERMUTATIONS)], dtype=np.uint64
)
_PLUS = np.array(
    [named_seed(0, "minhash-plus", str(n)) for n in range(PERMUTATIONS)], dtype=np.uint64
)
_EACH_BAND = np.arange(BANDS)

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
    bands = least.reshape(BANDS, ROWS).astype(np.uint64) @ _OF_PLACES
    return Signature(least.astype(np.uint8), (bands >> _HALF).astype(np.uint32))


def minima(hashes: Hashes) -> npt.NDArray[np.uint32]:
    """The least value of each permutation; shape (PERMUTATIONS,).

    Permutations are by multiplication and shift (Dietzfelbinger et al. 1997).
    """
    chunks = (hashes[start : start + _CHUNK, None] for start in range(0, len(hashes), _CHUNK))
    least = [np.minimum.reduce(chunk * _TIMES + _PLUS, axis=0) for chunk in chunks]
    upper: npt.NDArray[np.uint64] = reduce(np.minimum, least) >> _HALF
    return upper.astype(np.uint32)


class BandIndex:
    """Signatures by number, and which of them share a band with another.

    A band of a signature is a node: of the signature with number n, from 32 * (n + 1) on. By its
    hash a band lies in a slot of its table; the slot leads to the latest node there, and each node
    to the one before it, the first one to node 0, which is nobody's.

    For each row it takes 640 to 1,300 bytes: the byte of every component that estimates
    go by, the hashes of the bands, and the tables and their chains.
    """

    def __init__(self) -> None:
        self._count = 0
        self._bytes = np.zeros((_FIRST_CAPACITY, PERMUTATIONS), dtype=np.uint8)
        self._bands = np.zeros(_FIRST_CAPACITY * BANDS, dtype=np.uint32)
        self._earlier = np.zeros(_FIRST_CAPACITY * BANDS, dtype=np.int32)
        self._set_tables(2 * _FIRST_CAPACITY)

    def __len__(self) -> int:
        return self._count

    @property
    def size(self) -> int:
        """Bytes of memory."""
        held = (self._bytes, self._bands, self._earlier, self._latest)
        return sum(array.nbytes for array in held)

    def add(self, sign: Signature) -> None:
        """Keep a signature under the next number, from 0."""
        self._count += 1
        if self._count == len(self._bytes):
            self._grow()
        nodes = slice(self._count * BANDS, (self._count + 1) * BANDS)
        slots = self._slots_of(sign)
        self._bytes[self._count] = sign.low
        self._bands[nodes] = sign.bands
        self._earlier[nodes] = self._latest.take(slots)
        self._latest[slots] = self._count * BANDS + _EACH_BAND

    def like(self, sign: Signature, least: float) -> list[int]:
        """The numbers of signatures whose estimated similarity is `least` or more, best first.

        Of those that share a band with it the latest 12 are looked at: of the bands that a near
        duplicate shares, hardly all are that common.
        """
        nodes = self._latest.take(self._slots_of(sign)).tolist()
        bands, earlier = self._bands.data, self._earlier.data
        met = set[int]()
        for node, band in zip(nodes, sign.bands.tolist(), strict=True):
            for _ in range(_LONGEST_CHAIN):
                if not node:
                    break
                if bands[node] == band:
                    met.add(node // BANDS)
                node = earlier[node]
        if not met:
            return []
        places = np.array(sorted(met))
        agreed = np.add.reduce(self._bytes[places] == sign.low, axis=1) / PERMUTATIONS
        # Bytes of different values are equal once in 256 (b-bit minwise hashing: Li, König 2010).
        similarity = (agreed - 1 / 256) / (1 - 1 / 256)
        enough = similarity >= least
        found = zip((-similarity[enough]).tolist(), (places[enough] - 1).tolist(), strict=True)
        return [number for _, number in sorted(found)]

    def _slots_of(self, sign: Signature) -> npt.NDArray[np.int64]:
        """Where the bands of a signature lie in the tables."""
        return self._tables + (sign.bands & self._mask)

    def _set_tables(self, slots: int) -> None:
        """Make empty tables, one after the other, with so many slots for each band."""
        self._tables = _EACH_BAND * slots
        self._mask = np.uint32(slots - 1)
        self._latest = np.zeros(BANDS * slots, dtype=np.int32)

    def _grow(self) -> None:
        capacity = 2 * len(self._bytes)
        self._bytes = _extended(self._bytes, capacity)
        self._bands = _extended(self._bands, capacity * BANDS)
        self._earlier = np.zeros(capacity * BANDS, dtype=np.int32)
        self._set_tables(2 * capacity)
        for band in range(BANDS):
            self._chain(band)

    def _chain(self, band: int) -> None:
        """Build the table of a band anew: each slot leads to the latest node in it."""
        nodes = np.arange(BANDS + band, self._count * BANDS, BANDS)
        slots = self._tables[band] + (self._bands[nodes] & self._mask)
        order = np.argsort(slots, kind="stable")
        nodes, slots = nodes[order], slots[order]
        same = slots[1:] == slots[:-1]
        self._earlier[nodes[1:]] = np.where(same, nodes[:-1], 0)
        last = np.append(~same, True)
        self._latest[slots[last]] = nodes[last]


def _extended(array: npt.NDArray[S], rows: int) -> npt.NDArray[S]:
    longer = np.empty((rows, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
