"""Which of many known character n-grams a text holds, looked up at all of its places at once.

The n-grams are a trie in two arrays (a double array: Aoe 1989), so that a step is five operations
of numpy on as many numbers as the text has characters. A dictionary took twenty times as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matrix_sim.quality.gram_hashes import code_points

Numbers = npt.NDArray[np.int64]

_BETWEEN = "\U0010ffff"
_STRIDE = 7919
"""Places are tried in this stride, which visits all of a table whose size is a power of two."""


class Found(NamedTuple):
    """The grams of several texts, in the way of `numpy.ufunc.reduceat`."""

    numbers: Numbers
    """Of the grams of one text after those of another: 0 first, then each gram once, ascending."""
    starts: Numbers
    """Where those of each text start."""


class GramTable:
    """Known n-grams; each has its place in the sequence, counted from 1, as its number.

    In the trie a gram of one letter has the number of its letter for a node. One of more letters
    has the node that `_after` tells of the gram without its last letter, plus the number of that
    letter; `_before` tells whose it is, for others lead there by chance. Node 0 leads nowhere.
    """

    def __init__(self, grams: Sequence[str], alike: Mapping[str, str] | None = None) -> None:
        """Make the table.

        Args:
            grams: none of them empty, each once.
            alike: characters of texts that are taken for letters of grams.
        """
        following = _following(grams)
        letters = {letter: number for number, letter in enumerate(following.pop(""), start=1)}
        after, size = _packed(following, letters)
        read = {one: letters[letter] for one, letter in (alike or {}).items() if letter in letters}
        read |= letters
        self._letters = np.zeros(max(map(ord, read), default=0) + 2, dtype=np.int32)
        for letter, number in read.items():
            self._letters[ord(letter)] = number
        nodes = dict(letters)
        self._after = np.zeros(size, dtype=np.int32)
        self._before = np.full(size, -1, dtype=np.int32)
        for gram in sorted(following, key=len):
            mine = nodes[gram]
            self._after[mine] = after[gram]
            for letter in following[gram]:
                node = nodes[gram + letter] = after[gram] + letters[letter]
                self._before[node] = mine
        self._numbers = np.zeros(size, dtype=np.int32)
        self._numbers[[nodes[gram] for gram in grams]] = range(1, len(grams) + 1)
        self._count = len(grams)
        self._longest = max(map(len, grams), default=0)

    def found(self, texts: Sequence[str]) -> Found:
        """Which grams each text holds.

        Args:
            texts: none of them with the character U+10FFFF, which stands for nothing.
        """
        points = code_points(_BETWEEN.join((*texts, "")))
        letters = self._letters.take(points, mode="clip")
        # One mark for each gram of each text, those of one text after those of another.
        rows = np.arange(len(texts)) * (self._count + 1)
        marks = np.zeros(len(texts) * (self._count + 1), dtype=np.bool_)
        marks[rows] = True
        of_text = np.repeat(rows, [len(text) + 1 for text in texts])
        places = np.flatnonzero(letters)
        nodes = letters[places]
        marks[of_text[places] + self._numbers.take(nodes)] = True
        for length in range(1, self._longest):
            longer = self._after.take(nodes) + letters.take(places + length, mode="clip")
            known = np.flatnonzero(self._before.take(longer) == nodes)
            places, nodes = places[known], longer[known]
            marks[of_text[places] + self._numbers.take(nodes)] = True
        numbers = np.flatnonzero(marks) % (self._count + 1)
        return Found(numbers, np.flatnonzero(numbers == 0))


def _following(grams: Iterable[str]) -> dict[str, Sequence[str]]:
    """By each beginning of a gram, the letters that go on from it, in order; by "" all letters."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for gram in grams:
        found[""].update(gram)
        for end in range(1, len(gram)):
            found[gram[:end]].add(gram[end])
    return {beginning: sorted(found[beginning]) for beginning in ("", *sorted(found))}


def _packed(
    following: Mapping[str, Sequence[str]], letters: Mapping[str, int]
) -> tuple[dict[str, int], int]:
    """Where the grams that go on from each beginning start, so that none meet; and the size.

    Those with most letters first, while there is room; half of the table stays empty.
    """
    grams = sum(map(len, following.values())) + len(letters) + 1
    room = 1 << (2 * grams).bit_length()
    free = bytearray(b"\1") * room
    free[: len(letters) + 1] = bytes(len(letters) + 1)
    places = _places(room)
    starts = {}
    for beginning in sorted(following, key=lambda one: (-len(following[one]), one)):
        steps = [letters[letter] for letter in following[beginning]]
        fits = (p for p in places if p + steps[-1] < room and all(free[p + n] for n in steps))
        start = starts[beginning] = next(fits)
        for step in steps:
            free[start + step] = 0
    return starts, room + len(letters) + 1


def _places(room: int) -> Iterator[int]:
    place = 0
    while True:
        place = (place + _STRIDE) % room
        yield place
