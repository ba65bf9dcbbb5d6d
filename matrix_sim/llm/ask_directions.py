"""Asks the embedding model for the directions of texts."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.directions import decode_directions
from matrix_sim.llm.contracts import LLM, Address, Message, Request, Role
from matrix_sim.text import clip


async def ask_directions(
    llm: LLM, address: Address, texts: Sequence[str], *, characters: int
) -> tuple[bytes, ...]:
    """The direction of each text, in order (`matrix_sim.directions`).

    Args:
        llm: who is asked, as `Role.EMBEDDING`.
        address: of the call.
        texts: not empty.
        characters: of each text; what goes beyond is cut.

    Raises:
        EnvironmentalFailure: the model gave no vectors.
    """
    request = Request(
        address=address,
        role=Role.EMBEDDING,
        messages=tuple(Message("user", clip(text, characters)) for text in texts),
        max_tokens=0,
    )
    return decode_directions((await llm.complete(request)).text)
