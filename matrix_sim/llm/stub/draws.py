"""Cheap named draws for the stub: words of a BLAKE2b digest, counted up.

`matrix_sim.randomness` gives generators of the standard library, whose seeding alone costs
more than a whole stub reply may; a reply needs a handful of draws.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import TypeVar

_WORDS = struct.Struct("<16I")
_SPAN = 1 << 32

T = TypeVar("T")


class Draws:
    """A stream of draws that is a function of the parts it is named by."""

    __slots__ = ("_block", "_name", "_words")

    def __init__(self, *name: object) -> None:
        self._name = "\x1f".join(map(str, name)).encode("utf-8", "replace")
        self._block = 0
        self._words: list[int] = []

    def word(self) -> int:
        """The next 32 bits."""
        if not self._words:
            digest = hashlib.blake2b(self._name, salt=self._block.to_bytes(8, "big")).digest()
            self._words = list(_WORDS.unpack(digest))
            self._block += 1
        return self._words.pop()

    def unit(self) -> float:
        """A number strictly between 0 and 1."""
        return (self.word() + 0.5) / _SPAN

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.unit() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + (self.word() * (high - low + 1) >> 32)

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`, which must not be empty."""
        return options[self.word() * len(options) >> 32]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different places of `options` (all of them, if fewer), in drawn order."""
        rest = list(options)
        return [rest.pop(self.word() * len(rest) >> 32) for _ in range(min(count, len(rest)))]
