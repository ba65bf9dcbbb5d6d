"""Vectors for texts as a founding gets them, with books of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matrix_sim.config import ModelConfig
from matrix_sim.llm.embedding_client import Vector
from matrix_sim.llm.embeddings import embed_texts
from matrix_sim.llm.kept_vectors import KeptVectors
from matrix_sim.llm.open_gate import OpenGate
from matrix_sim.store.adapters import StoreJournal
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore


async def vectors_of(
    config: ModelConfig,
    api_key: str,
    texts: Sequence[str],
    batch: int = 64,
    *,
    tell_clipped: Callable[[int], None] = lambda _: None,
) -> list[Vector]:
    journal = StoreJournal(InlineCommit(RunStore.in_memory()))
    kept = KeptVectors(config, journal, OpenGate(), seed=0)
    try:
        return await embed_texts(
            config, api_key, texts, kept.vectors, batch, tell_clipped=tell_clipped
        )
    finally:
        await kept.close()
