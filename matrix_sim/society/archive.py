"""What was remembered word by word and has been condensed since, to be recalled when it matters.

Recency and relevance choose (Park et al., 2023, section 4.1, without their importance, which would
take a call of its own): relevance is likeness to what is new, and what is older counts less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from matrix_sim.society.fingerprint import fingerprint, likeness
from matrix_sim.society.memory import MemoryItem

_DECAY = 0.995
"""How much less a thing counts for every thing that came after it."""
_RELEVANT = 0.1
"""Cosine below which a thing does not bear on what is new."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The newest things that left a memory, oldest first."""

    limit: int
    items: tuple[MemoryItem, ...] = ()
    fingerprints: tuple[int, ...] = ()
    """Of the items, in their order; kept, because every turn compares all of them."""

    def keep(self, new: Iterable[MemoryItem]) -> Archive:
        """With `new` at the end, and without what is beyond the limit."""
        if self.limit == 0:
            return self
        added = tuple(new)
        items = (*self.items, *added)
        prints = (*self.fingerprints, *(fingerprint(item.text) for item in added))
        beyond = max(0, len(items) - self.limit)
        return Archive(self.limit, items[beyond:], prints[beyond:])

    def recall(self, cues: Iterable[str], most: int) -> tuple[MemoryItem, ...]:
        """What bears on the cues, at most `most` things, in the order in which they happened."""
        if not self.items or most == 0:
            return ()
        wanted = [bits for cue in cues if (bits := fingerprint(cue))]
        anything = reduce(or_, wanted, 0)
        newest, found = len(self.items) - 1, list[tuple[float, int]]()
        for place, bits in enumerate(self.fingerprints):
            if not bits & anything:
                continue  # as most: the quick look saves one at every cue
            relevance = max(likeness(bits, cue) for cue in wanted)
            if relevance >= _RELEVANT:
                found.append((-relevance * _DECAY ** (newest - place), place))
        chosen = sorted(place for _, place in sorted(found)[:most])
        return tuple(self.items[place] for place in chosen)
