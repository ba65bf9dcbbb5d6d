"""64-bit hashes of the character n-grams of a text, all at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""The finisher of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves all others."""


def gram_hashes(text: str, length: int) -> Hashes:
    """One hash for each run of `length` characters; of a shorter text, one of the whole.

    Returns:
        Shape (max(1, len(text) - length + 1),), in the order of the text, repeats included.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    length = min(length, len(points))
    count = len(points) - length + 1
    # A polynomial of the code points, modulo 2**64: for each place one multiplication of all.
    hashes = np.full(count, length, dtype=np.uint64)
    for place in range(length):
        hashes *= _BASE
        hashes += points[place : place + count]
    return mixed(hashes)


def mixed(hashes: Hashes) -> Hashes:
    """The hashes with their bits spread, in place."""
    hashes ^= hashes >> np.uint64(30)
    hashes *= _MIX[0]
    hashes ^= hashes >> np.uint64(27)
    hashes *= _MIX[1]
    hashes ^= hashes >> np.uint64(31)
    return hashes
