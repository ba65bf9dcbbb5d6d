"""Vectors come in the order of their texts, whatever the server makes of a batch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import numpy as np
import pytest

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.embeddings import Vector, embed_texts
from tests.support.scripted_server import Scripted, Seen, error, serving

TEXTS = [f"人物{i}" for i in range(10)]


def vector(text: str) -> list[float]:
    return [float(text.removeprefix("人物")), 1.0, 0.5]


def rows(vectors: list[list[float]]) -> Scripted:
    data = [{"index": i, "embedding": v} for i, v in enumerate(vectors)]
    return Scripted(body=json.dumps({"data": data[::-1]}).encode())


def right(seen: Seen) -> Scripted:
    return rows([vector(text) for text in seen.body["input"]])


def embed(
    answer: Callable[[Seen], Scripted], texts: list[str] = TEXTS, batch: int = 4
) -> tuple[list[Vector], list[Seen]]:
    async def asking() -> tuple[list[Vector], list[Seen]]:
        async with serving(answer) as server:
            config = ModelConfig.model_validate(
                {
                    "base_url": server.base_url,
                    "model": "e",
                    "api_key_env": "MY_KEY",
                    "retry": {"attempts": 3, "first_wait_s": 0},
                }
            )
            return await embed_texts(config, "sk-abc", texts, batch=batch), server.seen

    return asyncio.run(asking())


def test_every_text_has_its_vector_in_order() -> None:
    vectors, seen = embed(right)
    assert [v.tolist() for v in vectors] == [vector(text) for text in TEXTS]
    assert {v.dtype for v in vectors} == {np.dtype(np.float32)}
    assert {(s.path, s.headers["Authorization"]) for s in seen} == {
        ("/v1/embeddings", "Bearer sk-abc")
    }
    # The first batch, a look at its first text alone, and the rest: no text goes out in vain.
    assert sorted(len(s.body["input"]) for s in seen) == [1, 2, 4, 4]


def test_a_server_that_gets_batches_wrong_is_asked_for_one_text_at_a_time() -> None:
    def muddled(seen: Seen) -> Scripted:
        texts = seen.body["input"]
        if len(texts) == 1:
            return right(seen)
        return rows([[1.0, 2.0, 3.0 + i] for i in range(len(texts))])

    vectors, _ = embed(muddled)
    assert [v.tolist() for v in vectors] == [vector(text) for text in TEXTS]


def test_no_texts_need_no_server() -> None:
    vectors, seen = embed(right, texts=[])
    assert (vectors, seen) == ([], [])


def test_what_passes_is_sent_again() -> None:
    failing = [error(503, "loading model"), error(429, "slow down")]
    vectors, _ = embed(lambda seen: failing.pop() if failing else right(seen))
    assert len(vectors) == len(TEXTS)


@pytest.mark.parametrize(
    ("answer", "hindrance"),
    [
        (lambda _: error(401, "bad key"), Hindrance.UNAUTHORISED),
        (lambda _: error(500, "down"), Hindrance.SERVER),
        (lambda _: Scripted(body=b"<html>"), Hindrance.REJECTED),
        (lambda _: rows([[1.0, 2.0]]), Hindrance.REJECTED),
        (
            lambda seen: rows([[1.0] * len(text) for text in seen.body["input"]]),
            Hindrance.REJECTED,
        ),
    ],
)
def test_what_is_no_vectors_is_a_typed_failure(
    answer: Callable[[Seen], Scripted], hindrance: Hindrance
) -> None:
    with pytest.raises(EnvironmentalFailure) as caught:
        embed(answer, texts=["一", "二つ", "三つめ"])
    assert caught.value.hindrance is hindrance


@pytest.mark.parametrize(
    "row", ["[null, 1.0]", "[1e39, 1.0]", "[]", "3.0", "[[1.0, 2.0]]"], ids=lambda row: row
)
def test_vectors_that_cannot_be_compared_are_a_typed_failure(row: str) -> None:
    body = f'{{"data": [{{"index": 0, "embedding": {row}}}]}}'.encode()
    with pytest.raises(EnvironmentalFailure, match="is 'e' a model for embeddings") as caught:
        embed(lambda _: Scripted(body=body), texts=["一"])
    assert caught.value.hindrance is Hindrance.REJECTED
