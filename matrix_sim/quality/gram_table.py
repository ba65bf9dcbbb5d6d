"""Which of many known character n-grams a text holds, looked up at all of its places at once.

The n-grams are a trie in two arrays (a double array: Aoe 1989), so that a step is five operations
of numpy on as many numbers as the text has characters. A dictionary took twenty times as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from matrix_sim.quality.gram_hashes import code_points

Numbers = npt.NDArray[np.int32]

_NONE = np.zeros(1, dtype=np.int32)
_STRIDE = 7919
"""Places are tried in this stride, which visits all of a table whose size is a power of two."""


class GramTable:
    """Known n-grams by number; so are their beginnings, known or not.

    The letters are numbered from 1. A gram of more letters has the number of the gram without its
    last letter, looked up in `_starts`, plus that of the letter; `_before` tells whose it is, for
    others lead there by chance. 0 is no gram, and leads to none.
    """

    def __init__(self, grams: Iterable[str], alike: Mapping[str, str] | None = None) -> None:
        """Make the table.

        Args:
            grams: none of them empty.
            alike: characters of texts that are taken for letters of grams.
        """
        following = _following(grams)
        letters = {letter: number for number, letter in enumerate(following.pop(""), start=1)}
        starts, size = _packed(following, letters)
        read = {one: letters[letter] for one, letter in (alike or {}).items() if letter in letters}
        read |= letters
        self._letters = np.zeros(max(map(ord, read), default=0) + 2, dtype=np.int32)
        for letter, number in read.items():
            self._letters[ord(letter)] = number
        self._numbers = dict(letters)
        self._starts = np.zeros(size, dtype=np.int32)
        self._before = np.full(size, -1, dtype=np.int32)
        for gram in sorted(following, key=len):
            mine = self._numbers[gram]
            self._starts[mine] = starts[gram]
            for letter in following[gram]:
                number = starts[gram] + letters[letter]
                self._before[number] = mine
                self._numbers[gram + letter] = number
        self._longest = max(map(len, self._numbers), default=0)

    def __len__(self) -> int:
        """A number that is greater than all numbers of grams."""
        return len(self._starts)

    def __getitem__(self, gram: str) -> int:
        """The number of a known gram."""
        return self._numbers[gram]

    def found(self, text: str) -> Numbers:
        """The numbers of the grams that the text holds, each once, ascending."""
        letters = self._letters.take(code_points(text), mode="clip")
        grams, levels = letters, [_NONE, letters]
        for length in range(1, min(self._longest, len(letters))):
            before = grams[:-1]
            grams = self._starts.take(before)
            grams += letters[length:]
            grams *= self._before.take(grams) == before
            levels.append(grams)
        numbers = np.concatenate(levels)
        numbers.sort()
        found: Numbers = numbers[1:][numbers[1:] != numbers[:-1]]
        return found


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
