"""Vectors for texts from an OpenAI-compatible endpoint, for the grouping of a society."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import (
    Address,
    EnvironmentalFailure,
    Finish,
    Gate,
    Hindrance,
    Message,
    Reply,
    Request,
    Role,
)
from matrix_sim.llm.embedding_client import Batches, EmbeddingClient, Vector
from matrix_sim.llm.gates import OpenGate
from matrix_sim.llm.retrying import Patience

_IN_FLIGHT = 8


async def embed_texts(
    config: ModelConfig,
    api_key: str,
    texts: Sequence[str],
    batch: int = 64,
    *,
    gate: Gate | None = None,
) -> list[Vector]:
    """One vector (float32, as the endpoint scales it) a text, in their order.

    Texts go out in batches where the server gets those right (`Batches`), otherwise each alone.

    Raises:
        EnvironmentalFailure: the endpoint gave no vectors, after all patience, or not one of
            the same length for every text.
    """
    gate = gate or OpenGate()
    client = EmbeddingClient(config, api_key=api_key, on_headers=gate.saw)
    try:
        return await _Embedder(config, client, gate).embed(texts, batch)
    finally:
        await client.close()


class _Embedder:
    def __init__(self, config: ModelConfig, client: EmbeddingClient, gate: Gate) -> None:
        self._config = config
        self._gate = gate
        self._client = client
        self._patience = Patience(config.retry, sleep=asyncio.sleep, random=random.Random())  # noqa: S311
        self._slots = asyncio.Semaphore(_IN_FLIGHT)

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
        async with self._slots:
            vectors, _ = await self._patience.answer(lambda _: self._sent(texts))
        return vectors

    async def _sent(self, texts: Sequence[str]) -> list[Vector]:
        messages = tuple(Message("user", text) for text in texts)
        request = Request(Address("embedding"), Role.EMBEDDING, messages, 0)
        async with self._gate.admit(request) as permit:
            try:
                vectors = await self._client.send(texts)
            except EnvironmentalFailure as failure:
                permit.failed(failure)
                raise
            permit.answered(Reply("", "", Finish.STOP, self._config.model or ""))
        return vectors
