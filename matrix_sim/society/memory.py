"""What an agent remembers: word for word while it fits, condensed block by block beyond.

Between two condensings a memory only grows at its end, so that successive prompts share their
beginning and an endpoint's prefix cache holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.messages import CondensedBlock
from matrix_sim.text import estimate_tokens

_LINE_TOKENS = 4
"""What a template adds around an item: a bullet, a colon, a line end."""


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One line of a memory."""

    speaker: str
    """Who did it; empty for the agent itself."""
    text: str
    condensed: bool = False
    """Whether it stands for a whole block of earlier items."""

    @property
    def tokens(self) -> int:
        """Estimated size of the line in a prompt."""
        return estimate_tokens(self.speaker + self.text) + _LINE_TOKENS


@dataclass(frozen=True, slots=True)
class Memory:
    """Items, oldest first, with their size kept along."""

    items: tuple[MemoryItem, ...] = ()
    tokens: int = 0

    def remember(self, new: tuple[MemoryItem, ...]) -> Memory:
        """With `new` at the end."""
        if not new:
            return self
        return Memory(self.items + new, self.tokens + sum(item.tokens for item in new))

    @property
    def condensable(self) -> bool:
        """Whether any of it is still word by word."""
        return any(not item.condensed for item in self.items)

    def oldest_block(self, tokens: int) -> tuple[MemoryItem, ...]:
        """The fewest oldest items that together reach `tokens`; all of them if none do."""
        size = 0
        for count, item in enumerate(self.items, start=1):
            size += item.tokens
            if size >= tokens:
                return self.items[:count]
        return self.items

    def condense(self, block: CondensedBlock) -> Memory:
        """With the block's text in place of the items that it replaces."""
        items = (MemoryItem("", block.text, condensed=True), *self.items[block.entries :])
        return Memory(items, sum(item.tokens for item in items))
