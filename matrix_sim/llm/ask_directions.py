"""Asks the embedding model for the directions of texts."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.directions import decode_directions
from matrix_sim.llm.contracts import LLM, Address, Message, Request, Role
from matrix_sim.text import clip_to_tokens

_TOKENS = 400
"""Of each text, as `estimate_tokens` counts them (400 Japanese characters, 1,200 Latin letters).
Many models for embeddings take 512 tokens, their own marks included; what they refuse would be
sent again and again, a quarter shorter each time. What a text is about stands in its beginning."""


async def ask_directions(llm: LLM, address: Address, texts: Sequence[str]) -> tuple[bytes, ...]:
    """The direction of each text, or of its first part, in order (`matrix_sim.directions`).

    Args:
        llm: who is asked, as `Role.EMBEDDING`.
        address: of the call.
        texts: not empty.

    Raises:
        EnvironmentalFailure: the model gave no vectors.
    """
    request = Request(
        address=address,
        role=Role.EMBEDDING,
        messages=tuple(Message("user", clip_to_tokens(text, _TOKENS)) for text in texts),
        max_tokens=0,
    )
    return decode_directions((await llm.complete(request)).text)
