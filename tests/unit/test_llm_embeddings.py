"""Vectors come in the order of their texts, whatever the server makes of a batch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import numpy as np
import pytest

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.embedding_client import Vector
from tests.support.scripted_server import Scripted, Seen, error, serving
from tests.support.vectors import vectors_of

TEXTS = [f"人物{i}" for i in range(10)]


def vector(text: str) -> list[float]:
    return [float(text.removeprefix("人物")), 1.0, 0.5]


def rows(vectors: list[list[float]]) -> Scripted:
    data = [{"index": i, "embedding": v} for i, v in enumerate(vectors)]
    return Scripted(body=json.dumps({"data": data[::-1]}).encode())


def right(seen: Seen) -> Scripted:
    return rows([vector(text) for text in seen.body["input"]])


def embed(
    answer: Callable[[Seen], Scripted],
    texts: list[str] = TEXTS,
    batch: int = 4,
    tell_clipped: Callable[[int], None] = lambda _: None,
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
            vectors = await vectors_of(config, "sk-abc", texts, batch, tell_clipped=tell_clipped)
            return vectors, server.seen

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


TOO_MUCH = [
    error(413, "batch size 4 > maximum allowed batch size 2"),
    error(
        400, "Invalid 'input': array too long. Expected an array with maximum length 2", code="x"
    ),
    error(500, "input (15001 tokens) is too large to process. increase the physical batch size"),
]


@pytest.mark.parametrize("refusal", TOO_MUCH, ids=lambda refusal: str(refusal.status))
def test_a_batch_that_is_refused_as_too_much_goes_in_halves(refusal: Scripted) -> None:
    vectors, seen = embed(lambda s: refusal if len(s.body["input"]) > 2 else right(s))
    assert [v.tolist() for v in vectors] == [vector(text) for text in TEXTS]
    # Once it is known what passes, no more is tried.
    assert [len(s.body["input"]) for s in seen].count(4) == 1


@pytest.mark.parametrize("longest", [20, 30, 45])
def test_a_text_that_is_too_long_even_alone_is_cut_and_counted(longest: int) -> None:
    def fussy(seen: Seen) -> Scripted:
        texts = seen.body["input"]
        if max(map(len, texts)) > longest:
            return error(400, f"This model's maximum context length is {longest} tokens")
        return rows([[float(len(text)), 1.0] for text in texts])

    told: list[int] = []
    texts = ["短い文", "あ" * 100, "別の文です", "い" * 70]
    vectors, _ = embed(fussy, texts, tell_clipped=told.append)
    assert told == [2]
    assert [v[0] for v in vectors[::2]] == [3.0, 5.0]
    assert all(longest / 2 < v[0] <= longest for v in vectors[1::2])


def test_nothing_is_told_where_nothing_was_cut() -> None:
    told: list[int] = []
    embed(right, tell_clipped=told.append)
    assert told == []


def test_a_server_that_calls_every_text_too_long_is_not_asked_for_ever() -> None:
    with pytest.raises(EnvironmentalFailure, match="too long") as caught:
        embed(lambda _: error(400, "the text is too long"), ["あ" * 1000])
    assert caught.value.hindrance is Hindrance.REJECTED
