"""An embedding model as an endpoint: one direction a message, whatever the server makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from matrix_sim.config import ModelConfig, ModelsConfig
from matrix_sim.directions import decode_directions, direction_of
from matrix_sim.llm.ask_directions import ask_directions
from matrix_sim.llm.backends import Backends
from matrix_sim.llm.contracts import (
    Address,
    EnvironmentalFailure,
    Hindrance,
    Message,
    Reply,
    Request,
    Role,
)
from matrix_sim.llm.embedding_client import EmbeddingClient, Vector
from matrix_sim.llm.embedding_endpoint import (
    EmbeddingEndpoint,
    embedding_endpoint,
    stub_embedding_endpoint,
)
from matrix_sim.text import estimate_tokens
from tests.support.books import Books
from tests.support.scripted_server import Scripted, Seen, error, serving
from tests.support.small_world import PROMPTS

TEXTS = ["一", "二二", "三三三"]


def asked(*texts: str) -> Request:
    messages = tuple(Message("user", text) for text in texts)
    return Request(Address("embed/g0001/t0002"), Role.EMBEDDING, messages, max_tokens=0)


def vector(text: str, batch: int = 1) -> list[float]:
    return [float(len(text)), 1.0, float(batch > 1)]


def answered(
    answer: Callable[[Seen], Scripted], *requests: Request
) -> tuple[list[Reply], list[Seen]]:
    async def asking() -> tuple[list[Reply], list[Seen]]:
        async with serving(answer) as server:
            config = ModelConfig.model_validate({"base_url": server.base_url, "model": "e"})
            endpoint = embedding_endpoint(config, "")
            return [await endpoint.send(r, sending=1) for r in requests], server.seen

    return asyncio.run(asking())


def rows(seen: Seen, batch: int = 1) -> Scripted:
    data = [
        {"index": i, "embedding": vector(text, batch)} for i, text in enumerate(seen.body["input"])
    ]
    return Scripted(body=json.dumps({"data": data}).encode())


def test_a_reply_holds_a_direction_for_each_message_and_a_tick_is_one_post() -> None:
    replies, seen = answered(rows, asked(*TEXTS), asked(*TEXTS[:2]))
    assert decode_directions(replies[0].text) == tuple(direction_of(vector(text)) for text in TEXTS)
    assert decode_directions(replies[1].text) == decode_directions(replies[0].text)[:2]
    assert [len(post.body["input"]) for post in seen] == [3, 1, 2], "one look at a batch, once"
    assert replies[0].usage.prompt_tokens > 0


def test_texts_go_alone_to_a_server_that_gives_them_other_vectors_in_a_batch() -> None:
    def spoilt(seen: Seen) -> Scripted:
        return rows(seen, len(seen.body["input"]))

    replies, seen = answered(spoilt, asked(*TEXTS), asked(*TEXTS))
    wanted = tuple(direction_of(vector(text)) for text in TEXTS)
    assert [decode_directions(reply.text) for reply in replies] == [wanted, wanted]
    assert max(len(post.body["input"]) for post in seen[1:]) == 1


@pytest.mark.parametrize(
    ("answer", "hindrance"),
    [
        (error(503, "busy"), Hindrance.SERVER),
        (error(401, "no"), Hindrance.UNAUTHORISED),
        (Scripted(body=b'{"data": []}'), Hindrance.REJECTED),
    ],
)
def test_no_vectors_are_a_failure_of_the_moment(answer: Scripted, hindrance: Hindrance) -> None:
    with pytest.raises(EnvironmentalFailure) as failure:
        answered(lambda _: answer, asked(*TEXTS))
    assert failure.value.hindrance is hindrance


def test_the_stub_gives_like_vectors_for_like_texts() -> None:
    reply = asyncio.run(stub_embedding_endpoint().send(asked("漬物", "漬物", "釣り"), sending=1))
    one, same, other = decode_directions(reply.text)
    assert one == same != other


def test_vectors_of_another_length_than_at_the_founding_are_never_kept() -> None:
    async def vectors(texts: Sequence[str]) -> list[Vector]:
        return [np.asarray([1.0, 0.0], np.float32) for _ in texts]

    def sending(components: int | None) -> Reply:
        endpoint = EmbeddingEndpoint("e", vectors, identity=b"", components=components)
        return asyncio.run(endpoint.send(asked(*TEXTS), sending=1))

    with pytest.raises(EnvironmentalFailure, match="of 2 components, and people were grouped by"):
        sending(3)
    assert sending(2) == sending(None)


def test_the_model_of_a_run_has_to_give_vectors_as_long_as_those_of_its_people() -> None:
    async def asking() -> None:
        async with serving(rows) as server:
            embedding = {"base_url": server.base_url, "model": "e"}
            models = ModelsConfig.model_validate({"default": {"stub": {}}, "embedding": embedding})
            backends = Backends(models, {}, PROMPTS, seed=1, components=5)
            await backends.of_role[Role.EMBEDDING].answer(asked("一"), Books())

    with pytest.raises(EnvironmentalFailure, match="3 components") as failure:
        asyncio.run(asking())
    assert failure.value.hindrance is Hindrance.REJECTED


def test_backends_close_the_client_for_vectors_too(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[EmbeddingClient] = []

    async def close(client: EmbeddingClient) -> None:
        closed.append(client)

    monkeypatch.setattr(EmbeddingClient, "close", close)
    models = ModelsConfig.model_validate(
        {"default": {"stub": {}}, "embedding": {"base_url": "http://127.0.0.1:9/v1", "model": "e"}}
    )

    async def opened_and_closed() -> None:
        await Backends(models, {}, PROMPTS, seed=1).close()

    asyncio.run(opened_and_closed())
    assert len(closed) == 1


@pytest.mark.parametrize("text", ["味噌を仕込む。" * 400, "we make miso " * 400])
def test_no_text_is_longer_than_models_of_512_tokens_take(text: str) -> None:
    class Heard:
        sent: tuple[str, ...] = ()

        async def complete(self, request: Request) -> Reply:
            self.sent = tuple(message.content for message in request.messages)
            return await stub_embedding_endpoint().send(request, sending=1)

    heard = Heard()
    asyncio.run(ask_directions(heard, Address("embed/scenarios/b00000"), [text, "短い"]))
    long, short = heard.sent
    assert short == "短い" and text.startswith(long[:-1])
    assert 300 < estimate_tokens(long) < 512
