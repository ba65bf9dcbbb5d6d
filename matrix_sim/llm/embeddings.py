"""Vectors for texts from an OpenAI-compatible endpoint, for the grouping of a society."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import orjson

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.failures import failure_of
from matrix_sim.llm.retrying import Patience
from matrix_sim.llm.transport import Transport

Vector = npt.NDArray[np.float32]

_IN_FLIGHT = 8
_SAME = 0.999
"""Cosine above which two vectors of one text are the same but for rounding."""


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
    transport = Transport(config, api_key=api_key)
    embedder = _Embedder(config, transport)
    try:
        if len(texts) > 1 and batch > 1 and not await embedder.batches_right(texts[:batch]):
            batch = 1
        return await embedder.embed(texts, batch)
    finally:
        await transport.close()


class _Embedder:
    def __init__(self, config: ModelConfig, transport: Transport) -> None:
        self._config = config
        self._transport = transport
        self._patience = Patience(config.retry, sleep=asyncio.sleep, random=random.Random())  # noqa: S311
        self._slots = asyncio.Semaphore(_IN_FLIGHT)

    async def batches_right(self, texts: Sequence[str]) -> bool:
        """Whether the first text has the same vector in a batch as alone."""
        together = (await self._vectors(texts))[0]
        alone = (await self._vectors(texts[:1]))[0]
        norms = float(np.linalg.norm(together) * np.linalg.norm(alone))
        return together.shape == alone.shape and float(together @ alone) >= _SAME * norms

    async def embed(self, texts: Sequence[str], batch: int) -> list[Vector]:
        parts = [texts[at : at + batch] for at in range(0, len(texts), batch)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._vectors(part)) for part in parts]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        vectors = [vector for task in tasks for vector in task.result()]
        if len({vector.shape for vector in vectors}) > 1:
            raise self._nonsense("vectors of different lengths")
        return vectors

    async def _vectors(self, texts: Sequence[str]) -> list[Vector]:
        async with self._slots:
            vectors, _ = await self._patience.answer(lambda _: self._send(texts))
        return vectors

    async def _send(self, texts: Sequence[str]) -> list[Vector]:
        body = {
            "model": self._config.model,
            "input": list(texts),
            "encoding_format": "float",
        } | self._config.extra_body
        answer = await self._transport.post("/embeddings", orjson.dumps(body))
        if answer.status >= 300:
            raise failure_of(
                answer,
                place=self._transport.place,
                model=self._config.model or "",
                key_name=self._transport.key_name,
                redact=self._transport.redact,
                now=time.time(),
            )
        try:
            rows = orjson.loads(answer.body)["data"]
            found = {row["index"]: np.asarray(row["embedding"], np.float32) for row in rows}
            return [found[index] for index in range(len(texts))]
        except (ValueError, TypeError, LookupError):
            raise self._nonsense(f"no vector for each of {len(texts)} texts") from None

    def _nonsense(self, what: str) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.REJECTED,
            f"{self._transport.place} answered with {what};"
            f" is {self._config.model!r} a model for embeddings?",
        )
