"""Vectors for texts from an OpenAI-compatible endpoint, for the grouping of a society."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.embedding_client import Batches, EmbeddingClient, Send, Vector

Through = Callable[[Sequence[str], Send], Awaitable[list[Vector]]]
"""What takes a batch of texts to who sends it, and its vectors back."""


async def embed_texts(
    config: ModelConfig,
    api_key: str,
    texts: Sequence[str],
    through: Through,
    batch: int = 64,
    *,
    tell_clipped: Callable[[int], None] = lambda _: None,
    on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
) -> list[Vector]:
    """One vector (float32, as the endpoint scales it) a text, in their order.

    Texts go out in batches where the server gets those right (`Batches`), otherwise each alone.
    Each batch goes `through` what keeps the books of it, patience included (`KeptVectors`).
    `tell_clipped` is told how many were longer than the model takes, and were cut, if any.

    Raises:
        EnvironmentalFailure: the endpoint gave no vectors, after all patience, or not one of
            the same length for every text.
    """
    client = EmbeddingClient(config, api_key=api_key, on_headers=on_headers)
    try:
        vectors = await _Embedder(config, client, through).embed(texts, batch)
        if client.clipped:
            tell_clipped(client.clipped)
        return vectors
    finally:
        await client.close()


class _Embedder:
    def __init__(self, config: ModelConfig, client: EmbeddingClient, through: Through) -> None:
        self._config = config
        self._client = client
        self._through = through

    async def embed(self, texts: Sequence[str], batch: int) -> list[Vector]:
        # The first batch shows whether there may be others.
        batches = Batches(self._vectors)
        vectors = await batches.vectors(texts[:batch]) if texts else []
        size = 1 if batches.right is False else batch
        parts = [texts[at : at + size] for at in range(len(vectors), len(texts), size)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._vectors(part)) for part in parts]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        vectors += [vector for task in tasks for vector in task.result()]
        if len({vector.shape for vector in vectors}) > 1:
            raise EnvironmentalFailure(
                Hindrance.REJECTED,
                f"{self._config.base_url} answered with vectors of different lengths;"
                f" is {self._config.model!r} a model for embeddings?",
            )
        return vectors

    async def _vectors(self, texts: Sequence[str]) -> list[Vector]:
        return await self._through(texts, self._client.send)
