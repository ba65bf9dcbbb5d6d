"""Vectors for texts from an OpenAI-compatible endpoint, for the grouping of a society."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.embedding_client import EmbeddingClient, Vector, same_direction
from matrix_sim.llm.retrying import Patience

_IN_FLIGHT = 8


async def embed_texts(
    config: ModelConfig, api_key: str, texts: Sequence[str], batch: int = 64
) -> list[Vector]:
    """One vector (float32, as the endpoint scales it) a text, in their order.

    Some servers give other vectors to the texts of a batch than to each alone; where a look at
    the first text shows that, every text is sent alone.

    Raises:
        EnvironmentalFailure: the endpoint gave no vectors, after all patience, or not one of
            the same length for every text.
    """
    client = EmbeddingClient(config, api_key=api_key)
    embedder = _Embedder(config, client)
    try:
        if len(texts) > 1 and batch > 1 and not await embedder.batches_right(texts[:batch]):
            batch = 1
        return await embedder.embed(texts, batch)
    finally:
        await client.close()


class _Embedder:
    def __init__(self, config: ModelConfig, client: EmbeddingClient) -> None:
        self._config = config
        self._client = client
        self._patience = Patience(config.retry, sleep=asyncio.sleep, random=random.Random())  # noqa: S311
        self._slots = asyncio.Semaphore(_IN_FLIGHT)

    async def batches_right(self, texts: Sequence[str]) -> bool:
        """Whether the first text has the same vector in a batch as alone."""
        together, alone = await self._vectors(texts), await self._vectors(texts[:1])
        return same_direction(together[0], alone[0])

    async def embed(self, texts: Sequence[str], batch: int) -> list[Vector]:
        parts = [texts[at : at + batch] for at in range(0, len(texts), batch)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._vectors(part)) for part in parts]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        vectors = [vector for task in tasks for vector in task.result()]
        if len({vector.shape for vector in vectors}) > 1:
            raise EnvironmentalFailure(
                Hindrance.REJECTED,
                f"{self._config.base_url} answered with vectors of different lengths;"
                f" is {self._config.model!r} a model for embeddings?",
            )
        return vectors

    async def _vectors(self, texts: Sequence[str]) -> list[Vector]:
        async with self._slots:
            vectors, _ = await self._patience.answer(lambda _: self._client.send(texts))
        return vectors
