"""Models for embeddings as endpoints: a request of several texts, a reply with their directions.

So vectors that a society goes by while it is played are journaled like any other reply, and what
was decided by them is decided the same way after a restart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np

from matrix_sim.canonical import canonical_json
from matrix_sim.config import ModelConfig
from matrix_sim.directions import direction_of, encode_directions
from matrix_sim.llm.contracts import (
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Reply,
    Request,
    Usage,
)
from matrix_sim.llm.embedding_client import Batches, EmbeddingClient, Send, Vector
from matrix_sim.llm.stub.embedding import bigram_vector
from matrix_sim.llm.stub.endpoint import MODEL as STUB_MODEL
from matrix_sim.text import estimate_tokens

Close = Callable[[], Awaitable[None]]


class EmbeddingEndpoint:
    """An `Endpoint` whose replies hold a direction for each message of the request."""

    def __init__(
        self,
        model: str,
        send: Send,
        *,
        identity: bytes,
        components: int | None = None,
        close: Close | None = None,
    ) -> None:
        """Made of what sends: one vector a text.

        `components` is how long each has to be, if known; `close` is called at the end.
        """
        self._close = close
        self._model = model
        self._batches = Batches(send)
        self._components = components
        self.identity: bytes = identity

    async def send(self, request: Request, *, sending: int) -> Reply:
        """Vectors for the request's messages.

        Raises:
            EnvironmentalFailure: none came, or none that can be compared with those of the people.
        """
        texts = [message.content for message in request.messages]
        directions = [direction_of(vector) for vector in await self._batches.vectors(texts)]
        self._demand_comparable(directions)
        tokens = sum(map(estimate_tokens, texts))
        return Reply(
            encode_directions(directions), "", Finish.STOP, self._model, Usage(prompt_tokens=tokens)
        )

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        if self._close is not None:
            await self._close()

    def _demand_comparable(self, directions: Sequence[bytes]) -> None:
        # Here, and not where they are compared: a reply is journaled for good.
        others = [len(one) for one in directions if len(one) != self._components]
        if self._components is not None and others:
            raise EnvironmentalFailure(
                Hindrance.REJECTED,
                f"{self._model!r} gave vectors of {others[0]} components, and people were grouped "
                f"by some of {self._components}; is another model behind 'models.embedding' now?",
            )


def embedding_endpoint(
    model: ModelConfig,
    api_key: str,
    components: int | None = None,
    on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
) -> EmbeddingEndpoint:
    """The endpoint of `models.embedding` where it is a server's.

    Args:
        model: with `base_url`.
        api_key: "" for a server that asks for none.
        components: how long its vectors have to be, if known.
        on_headers: is told the headers of every answer.
    """
    name = model.model or ""
    client = EmbeddingClient(model, api_key=api_key, on_headers=on_headers)
    return EmbeddingEndpoint(
        name,
        client.send,
        identity=embedding_identity(model),
        components=components,
        close=client.close,
    )


def embedding_identity(model: ModelConfig) -> bytes:
    """What, besides the texts, decides the vectors of a server or a file."""
    return canonical_json({"embedding": model.label, "extra_body": model.extra_body})


def stub_embedding_endpoint() -> EmbeddingEndpoint:
    """The stub's embeddings: what its server serves, without the server."""

    async def vectors(texts: Sequence[str]) -> list[Vector]:
        return [np.asarray(bigram_vector(text), np.float32) for text in texts]

    return EmbeddingEndpoint(STUB_MODEL, vectors, identity=canonical_json({"embedding": "stub"}))
