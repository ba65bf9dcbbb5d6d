"""64-bit hashes of the character n-grams of a text, all at once."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""The finisher of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves all others."""


def gram_hashes(text: str, length: int) -> Hashes:
    """One hash for each run of `length` characters; of a shorter text, one of the whole.

    Returns:
        Shape (max(1, len(text) - length + 1),), in the order of the text, repeats included.
    """
    points = code_points(text)
    length = min(length, len(points))
    # A polynomial of the code points, modulo 2**64, put together out of runs of 1, 2, 4, 8...
    run, size = points.astype(np.uint64), 1
    hashes, done = np.zeros(len(points) + 1, dtype=np.uint64), 0
    for bit in range(length.bit_length()):
        if length >> bit & 1:
            longer = len(points) - done - size + 1
            hashes = run[:longer] * _power(done) + hashes[size : size + longer]
            done += size
        if length >> bit > 1:
            run = run[:-size] * _power(size) + run[size:]
            size *= 2
    return mixed(hashes)


@cache
def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_BASE, exponent, 1 << 64))


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code points of a text; shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def mixed(hashes: Hashes) -> Hashes:
    """The hashes with their bits spread, in place."""
    hashes ^= hashes >> np.uint64(30)
    hashes *= _MIX[0]
    hashes ^= hashes >> np.uint64(27)
    hashes *= _MIX[1]
    hashes ^= hashes >> np.uint64(31)
    return hashes
