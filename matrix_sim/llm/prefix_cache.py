"""A model of an endpoint's prefix cache: how many prompt tokens it would have to read anew.

Servers keep the attention state of prompt prefixes in blocks and throw out the least recently
used. How well a prompt's layout serves that is a figure of ours, whatever the endpoint reports.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import OrderedDict

from matrix_sim.llm.contracts import Message
from matrix_sim.text import BYTES_A_TOKEN

PREFIX_CACHE_TOKENS = 1_000_000
"""Size of the modelled prefix cache of a run: about what a GPU of 80 GB keeps for an 8B model with
grouped-query attention (128 KB a token)."""
COARSE_BLOCK_TOKENS = 64
"""Grain where the model's own work counts. Servers cache in blocks of 16 or finer; this coarse it
costs a quarter, and counts at most 64 tokens a request too many."""


class PrefixCache:
    """An LRU cache of prompt blocks, counted in estimated tokens.

    Args:
        capacity_tokens: tokens that the endpoint can keep, over all requests.
        block_tokens: tokens of a block; only whole blocks are kept.
    """

    def __init__(self, capacity_tokens: int, block_tokens: int = 16) -> None:
        self._block_bytes = block_tokens * BYTES_A_TOKEN
        self._block = struct.Struct(f"{self._block_bytes}s")
        self._capacity = capacity_tokens // block_tokens
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def uncached_tokens(self, messages: tuple[Message, ...]) -> int:
        """Estimated tokens of the prompt that are not in the cache; it is in there afterwards."""
        text = "\0".join([f"{m.role}\0{m.content}" for m in messages]).encode()
        blocks = self._chain(text)
        cached = self._found(blocks)
        self._use(blocks, cached)
        return (len(text) - cached * self._block_bytes) // BYTES_A_TOKEN + 1

    def _chain(self, text: bytes) -> list[int]:
        """A name for every whole block, which also names all that stands before it."""
        whole = text[: len(text) - len(text) % self._block_bytes]
        name = 0
        return [name := hash((block, name)) for (block,) in self._block.iter_unpack(whole)]

    def _found(self, blocks: list[int]) -> int:
        # What a block depends on is always younger than the block itself, so that the cached
        # ones come first and halving finds their end.
        return bisect_left(blocks, True, key=lambda block: block not in self._blocks)

    def _use(self, blocks: list[int], cached: int) -> None:
        # Last block first: of a prompt, the end is thrown out before what it depends on.
        held = self._blocks
        held.update(dict.fromkeys(reversed(blocks[cached:])))
        for block in reversed(blocks[:cached]):
            held.move_to_end(block)
        while len(held) > self._capacity:
            held.popitem(last=False)
