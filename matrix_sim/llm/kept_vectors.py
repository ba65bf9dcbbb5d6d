"""Vectors for a founding by way of the journal: reserved before they are asked for, paid once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count

import numpy as np

from matrix_sim.canonical import canonical_json
from matrix_sim.config import ModelConfig
from matrix_sim.directions import decode_directions, encode_directions
from matrix_sim.failpoints import NO_FAILPOINTS
from matrix_sim.llm.contracts import (
    Address,
    Finish,
    Gate,
    Journal,
    Message,
    Reply,
    Request,
    Role,
    Usage,
)
from matrix_sim.llm.embedding_client import Send, Vector
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.lanes import Lane
from matrix_sim.llm.prefix_cache import PrefixCache
from matrix_sim.llm.retrying import Retrying
from matrix_sim.llm.tariff import Tariff
from matrix_sim.randomness import named_random
from matrix_sim.text import estimate_tokens

_IN_FLIGHT = 8


class KeptVectors:
    """Sends batches of texts under `embed/founding/b0000` and so on, in the order asked for.

    A founding that was cut short goes on with the vectors that it has. They are kept as the server
    scales them, in float32, and not as directions, because people are grouped by them.
    """

    def __init__(self, config: ModelConfig, journal: Journal, gate: Gate, *, seed: int) -> None:
        """`config` is the model for embeddings, whose patience and limits hold here too."""
        self._gate = gate
        self._config = config
        self._journal = journal
        self._seed = seed
        self._numbers = count()
        self._llm: Journaled | None = None

    async def vectors(self, texts: Sequence[str], send: Send) -> list[Vector]:
        """What `send` gives for `texts`, or gave before.

        Raises:
            EnvironmentalFailure: no vectors were to be had now, or the budget is spent.
        """
        llm = self._llm = self._llm or self._journaled(send)
        request = Request(
            address=Address(f"embed/founding/b{next(self._numbers):04d}"),
            role=Role.EMBEDDING,
            messages=tuple(Message("user", text) for text in texts),
            max_tokens=0,
        )
        rows = decode_directions((await llm.complete(request)).text)
        return [np.frombuffer(row, "<f4").astype(np.float32) for row in rows]

    async def close(self) -> None:
        """Leave nothing under way."""
        if self._llm is not None:
            await self._llm.close()

    def _journaled(self, send: Send) -> Journaled:
        backend = Retrying(
            [Lane(self._config.base_urls[0], _VectorsOf(self._config, send), self._gate)],
            self._config.retry,
            sleep=asyncio.sleep,
            random=named_random(self._seed, "back-off", "founding"),
        )
        return Journaled(
            {Role.EMBEDDING: backend},
            self._journal,
            max_in_flight=_IN_FLIGHT,
            prefix_cache=PrefixCache(0),
            failpoints=NO_FAILPOINTS,
            tariffs={Role.EMBEDDING: Tariff.of(self._config.price)},
        )


class _VectorsOf:
    """An `Endpoint` whose replies hold a vector for each message of the request."""

    def __init__(self, config: ModelConfig, send: Send) -> None:
        self._model = config.model or ""
        self._send = send
        self.identity: bytes = canonical_json(
            {"embedding": self._model, "extra_body": config.extra_body, "vectors": "float32"}
        )

    async def send(self, request: Request, *, sending: int) -> Reply:
        """See `Endpoint.send`."""
        texts = [message.content for message in request.messages]
        vectors = await self._send(texts)
        rows = encode_directions([vector.astype("<f4").tobytes() for vector in vectors])
        usage = Usage(prompt_tokens=sum(map(estimate_tokens, texts)))
        return Reply(rows, "", Finish.STOP, self._model, usage)
