"""One POST to `/embeddings`: texts out, vectors back, or a typed failure."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import orjson

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.failures import failure_of, is_too_much
from matrix_sim.llm.transport import Answer, Transport

Vector = npt.NDArray[np.float32]
Send = Callable[[Sequence[str]], Awaitable[Sequence[Vector]]]

_SHORTEST = 16
"""Characters; a server that refuses so few as too long means something else."""
_SAME = 0.999
"""Cosine above which two vectors of one text are the same but for rounding."""


class EmbeddingClient:
    """The connections to a model for embeddings."""

    def __init__(
        self,
        config: ModelConfig,
        *,
        api_key: str,
        on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> None:
        """`config` is a model with `base_url`; `api_key` is "" for a server that asks for none.

        `on_headers` is told the headers of every answer.
        """
        self._config = config
        self._transport = Transport(
            config, config.base_urls[0], api_key=api_key, on_headers=on_headers
        )
        self._most: int | None = None
        """Texts a request, once the server has refused more."""
        self._cut: set[str] = set()

    @property
    def clipped(self) -> int:
        """Texts so far that were longer than the model takes, and were cut."""
        return len(self._cut)

    async def send(self, texts: Sequence[str]) -> list[Vector]:
        """One vector (float32, as the endpoint scales it) a text, in their order.

        What the server refuses as too much goes in halves, and a text that is too long even alone
        is cut, which `clipped` counts; otherwise it is sent once.

        Raises:
            EnvironmentalFailure: no vectors came.
        """
        most = self._most or len(texts)
        parts = [texts[at : at + most] for at in range(0, len(texts), most)]
        vectors = [vector for part in parts for vector in await self._part(part)]
        if len({vector.shape for vector in vectors}) > 1:
            raise self._nonsense("vectors of different lengths")
        return vectors

    async def _part(self, texts: Sequence[str]) -> list[Vector]:
        answer = await self._post(texts)
        if not is_too_much(answer):
            return self._read(answer, len(texts))
        if len(texts) > 1:
            half, before = (len(texts) + 1) // 2, self.clipped
            vectors = await self._part(texts[:half]) + await self._part(texts[half:])
            if self.clipped == before:  # it was their number, not one that is too long
                self._most = min(self._most or half, half)
            return vectors
        text = texts[0]
        while is_too_much(answer) and len(text) > _SHORTEST:
            text = text[: len(text) * 3 // 4]
            answer = await self._post([text])
        vectors = self._read(answer, 1)
        self._cut.add(texts[0])
        return vectors

    async def _post(self, texts: Sequence[str]) -> Answer:
        body = {
            "model": self._config.model,
            "input": list(texts),
            "encoding_format": "float",
        } | self._config.extra_body
        return await self._transport.post("/embeddings", orjson.dumps(body))

    def _read(self, answer: Answer, texts: int) -> list[Vector]:
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
            with np.errstate(over="ignore"):  # what is too great is told below
                found = {row["index"]: np.asarray(row["embedding"], np.float32) for row in rows}
            vectors = [found[index] for index in range(texts)]
        except (ValueError, TypeError, LookupError):
            raise self._nonsense(f"no vector for each of {texts} texts") from None
        if any(vector.ndim != 1 or not vector.size for vector in vectors):
            raise self._nonsense("something else than one row of numbers a text")
        # JSON has no NaN: servers write null, which numpy reads as NaN.
        if not all(np.isfinite(vector).all() for vector in vectors):
            raise self._nonsense("numbers that are missing or too great")
        return vectors

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        await self._transport.close()

    def _nonsense(self, what: str) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.REJECTED,
            f"{self._transport.place} answered with {what};"
            f" is {self._config.model!r} a model for embeddings?",
        )


class Batches:
    """Sends texts together where that gives each the vector that it has alone.

    Some servers give other vectors to the texts of a batch; a look at the first batch shows it.
    """

    def __init__(self, send: Send) -> None:
        """`send` gives one vector a text."""
        self._send = send
        self.right: bool | None = None
        """Whether batches are what they should be; None while nobody looked."""

    async def vectors(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in their order.

        Raises:
            EnvironmentalFailure: as `send`.
        """
        if self.right is None and len(texts) > 1:
            together, alone = await self._send(texts), await self._send(texts[:1])
            self.right = same_direction(together[0], alone[0])
            if self.right:
                return list(together)
        if self.right is False:
            return [(await self._send([text]))[0] for text in texts]
        return list(await self._send(texts))


def same_direction(one: Vector, other: Vector) -> bool:
    """Whether two vectors of one text are the same but for rounding."""
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    return one.shape == other.shape and float(one @ other) >= _SAME * norms
