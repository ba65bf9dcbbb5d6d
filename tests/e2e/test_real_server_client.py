"""The client against llama.cpp's own server: a real model, a real grammar, real errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any, Literal, TypeVar

import numpy as np
import pytest
from pydantic import BaseModel

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import (
    Address,
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Message,
    Reply,
    Request,
    Role,
    Schema,
)
from matrix_sim.llm.openai_endpoint import OpenAIEndpoint
from matrix_sim.llm.structured import schema_of
from tests.support.real_server import RealServer, real_server
from tests.support.vectors import vectors_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("real_server_client")]
T = TypeVar("T")


class Card(BaseModel):
    kind: Literal["question", "task"]
    tags: list[Literal["a", "b"]]
    sure: bool


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("server"), context_tokens=4096) as started:
        yield started


def question(text: str = "Say something about data.", **more: Any) -> Request:
    messages = (Message("system", "You are terse."), Message("user", text))
    return Request(Address("act/a00001/t0001"), Role.AGENT, messages, **{"max_tokens": 256} | more)


def config_of(server: RealServer, **settings: Any) -> ModelConfig:
    return ModelConfig.model_validate(
        {"base_url": server.base_url, "model": server.model, **settings}
    )


def with_endpoint(
    server: RealServer,
    use: Callable[[OpenAIEndpoint], Coroutine[Any, Any, T]],
    key: str | None = None,
    **settings: Any,
) -> T:
    async def using() -> T:
        endpoint = OpenAIEndpoint(
            config_of(server, **settings),
            server.base_url,
            api_key=server.api_key if key is None else key,
            json_instruction=lambda schema: f"Answer with JSON of this shape: {schema}",
        )
        try:
            return await use(endpoint)
        finally:
            await endpoint.close()

    return asyncio.run(using())


def reply_to(server: RealServer, request: Request, **settings: Any) -> Reply:
    return with_endpoint(server, lambda e: e.send(request, sending=1), **settings)


def test_structured_replies_are_of_their_shape(server: RealServer) -> None:
    request = question("card", schema=schema_of(Card, "card"))

    async def ten(endpoint: OpenAIEndpoint) -> list[Reply]:
        return await asyncio.gather(*(endpoint.send(request, sending=1) for _ in range(10)))

    for reply in with_endpoint(server, ten):
        assert reply.finish is Finish.STOP
        Card.model_validate_json(reply.text)


def test_thinking_comes_apart_from_the_text(server: RealServer) -> None:
    reply = reply_to(server, question(), sampling={"seed": 3})
    assert reply.reasoning
    assert "think>" not in reply.text + reply.reasoning


def test_without_thinking_there_is_none(server: RealServer) -> None:
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    assert reply_to(server, question(), extra_body=off).reasoning == ""


@pytest.mark.parametrize("preset", ["qwen3", "gemma"])
def test_a_preset_switches_thinking_off_and_on(
    server: RealServer, preset: Literal["qwen3", "gemma"]
) -> None:
    off, on = (
        reply_to(server, question(), preset=preset, reasoning={"enabled": enabled})
        for enabled in (False, True)
    )
    assert off.reasoning == ""
    assert on.reasoning


@pytest.mark.parametrize("schema", [None, schema_of(Card, "card")])
@pytest.mark.parametrize("max_tokens", [256, 3])
def test_a_streamed_reply_is_the_plain_one(
    server: RealServer, schema: Schema | None, max_tokens: int
) -> None:
    certain = {"sampling": {"temperature": 0, "seed": 3}}
    request = question(schema=schema, max_tokens=max_tokens)
    plain, streamed = (
        reply_to(server, request, stream=stream, **certain) for stream in (False, True)
    )
    assert (uncached(streamed), streamed.usage.completion_tokens > 0) == (uncached(plain), True)


def uncached(reply: Reply) -> Reply:
    """What it is, whatever the server took from its cache."""
    return replace(reply, usage=replace(reply.usage, cached_tokens=0))


def test_many_streams_at_once_come_whole(server: RealServer) -> None:
    async def many(endpoint: OpenAIEndpoint) -> list[Reply]:
        return await asyncio.gather(*(endpoint.send(question(), sending=1) for _ in range(16)))

    replies = with_endpoint(server, many, stream=True)
    assert all(reply.reasoning and reply.usage.completion_tokens for reply in replies)


def test_errors_before_a_stream_are_those_of_a_plain_answer(server: RealServer) -> None:
    overflow = reply_to(server, question("word " * 3 * server.context_tokens), stream=True)
    assert overflow.finish is Finish.CONTEXT_OVERFLOW
    with pytest.raises(EnvironmentalFailure) as caught:
        with_endpoint(server, lambda e: e.send(question(), sending=1), key="sk-no", stream=True)
    assert caught.value.hindrance is Hindrance.UNAUTHORISED


@pytest.mark.parametrize("preset", ["qwen3", "llama-3"])
def test_thinking_can_go_back_in_either_way(
    server: RealServer, preset: Literal["qwen3", "llama-3"]
) -> None:
    first = question()
    said = Message("assistant", "A card.", "The reader wants one card.")
    again = replace(first, messages=(*first.messages, said, Message("user", "Once more.")))
    assert reply_to(server, again, preset=preset).finish in (Finish.STOP, Finish.LENGTH)


def test_usage_is_counted_and_the_second_prompt_is_cached(server: RealServer) -> None:
    async def twice(endpoint: OpenAIEndpoint) -> list[Reply]:
        request = question("One topic, one goal and one limit. " * 20)
        return [await endpoint.send(request, sending=1) for _ in range(2)]

    first, second = with_endpoint(server, twice)
    assert first.usage.prompt_tokens > 100
    assert first.usage.completion_tokens > 0
    assert second.usage.cached_tokens > 100
    assert first.model == server.model


def test_a_reply_without_room_is_cut_off(server: RealServer) -> None:
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    reply = reply_to(server, question(max_tokens=2), extra_body=off)
    assert reply.finish is Finish.LENGTH
    assert reply.usage.completion_tokens == 2


def test_a_prompt_that_is_too_long_is_an_outcome(server: RealServer) -> None:
    reply = reply_to(server, question("word " * 3 * server.context_tokens))
    assert (reply.finish, reply.text) == (Finish.CONTEXT_OVERFLOW, "")


def test_a_wrong_key_is_told_apart_and_not_shown(server: RealServer) -> None:
    with pytest.raises(EnvironmentalFailure) as caught:
        with_endpoint(server, lambda e: e.send(question(), sending=1), key="sk-wrong-key")
    assert caught.value.hindrance is Hindrance.UNAUTHORISED
    assert "sk-wrong" not in str(caught.value)


def test_a_request_that_is_wrong_is_rejected_with_the_servers_words(server: RealServer) -> None:
    with pytest.raises(EnvironmentalFailure, match="temperature") as caught:
        reply_to(server, question(), extra_body={"temperature": "hot"})
    assert caught.value.hindrance is Hindrance.REJECTED


def test_a_burst_after_idling_loses_no_request(server: RealServer) -> None:
    # The server drops connections that idled for 5 s. The client must not send on one that is
    # just being dropped, so the second bursts come from shortly before to shortly after that.
    async def bursts(idle_s: float) -> list[Reply]:
        endpoint = OpenAIEndpoint(
            config_of(server),
            server.base_url,
            api_key=server.api_key,
            json_instruction=lambda schema: schema,
        )

        async def burst() -> list[Reply]:
            request = question(max_tokens=2)
            return await asyncio.gather(*(endpoint.send(request, sending=1) for _ in range(8)))

        try:
            replies = await burst()
            await asyncio.sleep(idle_s)
            return replies + await burst()
        finally:
            await endpoint.close()

    async def all_bursts() -> list[list[Reply]]:
        return await asyncio.gather(*(bursts(4.86 + 0.02 * step) for step in range(10)))

    assert [len(replies) for replies in asyncio.run(all_bursts())] == [16] * 10


def test_texts_that_share_words_have_vectors_near_each_other(server: RealServer) -> None:
    texts = ["the agent plans a task", "the agent plans the tasks", "Water boils at sea level"]
    assert server.vectors is not None
    place = server.vectors
    vectors = asyncio.run(vectors_of(config_of(place), place.api_key, texts))
    near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    assert near > far
    assert {v.dtype for v in vectors} == {np.dtype(np.float32)}
