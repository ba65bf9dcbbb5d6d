"""Streams over a real wire: what is asked for, and what a stream that goes wrong comes to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

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
)
from matrix_sim.llm.openai_endpoint import OpenAIEndpoint
from tests.support.raw_server import END_OF_STREAM, STREAM, Exchange, chunk, plain, raw_server
from tests.support.scripted_server import Scripted, chat, error
from tests.support.streams import chunks_of, events

QUESTION = Request(Address("act/a00001/t0001"), Role.AGENT, (Message("user", "問い"),), 256)
WHOLE = json.loads(chat("はい。", reasoning_content="考え").body)
BEGUN = events(chunks_of(WHOLE)[:3], done=False)
SHORT_S = 0.2


async def _send(base_url: str, **settings: Any) -> Reply:
    config = ModelConfig.model_validate(
        {"base_url": base_url, "model": "m", "stream": True, **settings}
    )
    endpoint = OpenAIEndpoint(config, base_url, api_key="", json_instruction=str)
    try:
        return await endpoint.send(QUESTION, sending=1)
    finally:
        await endpoint.close()


def outcome(
    handle: Callable[[Exchange], Awaitable[None]], **settings: Any
) -> Reply | EnvironmentalFailure:
    async def sending() -> Reply | EnvironmentalFailure:
        async with raw_server(handle) as base_url:
            try:
                return await _send(base_url, **settings)
            except EnvironmentalFailure as failure:
                return failure

    return asyncio.run(sending())


def writes(*pieces: bytes, then: Callable[[Exchange], None] = lambda _: None) -> Any:
    """A server that writes these pieces of a stream, and then does that."""

    async def handle(exchange: Exchange) -> None:
        exchange.writer.write(STREAM)
        for piece in pieces:
            exchange.writer.write(chunk(piece) if piece else END_OF_STREAM)
            await exchange.writer.drain()
        then(exchange)

    return handle


def answers(*scripted: Scripted, seen: list[Any]) -> Any:
    """A server that gives these plain answers, one after the other."""
    waiting = iter(scripted)

    async def handle(exchange: Exchange) -> None:
        seen.append(json.loads(exchange.body))
        answer = next(waiting)
        body = plain(answer.body).replace(b"200 OK", b"%d Said" % answer.status, 1)
        exchange.writer.write(body)

    return handle


def failure(got: Reply | EnvironmentalFailure) -> EnvironmentalFailure:
    assert isinstance(got, EnvironmentalFailure)
    return got


def test_a_streamed_reply_equals_the_plain_one() -> None:
    seen: list[Any] = []
    streamed = outcome(writes(events(chunks_of(WHOLE)), b""))
    assert streamed == outcome(answers(chat("はい。", reasoning_content="考え"), seen=seen))
    assert seen[0]["stream"] is True
    assert seen[0]["stream_options"] == {"include_usage": True}


def test_an_endpoint_without_stream_options_is_asked_without_them() -> None:
    seen: list[Any] = []
    got = outcome(answers(error(400, "unknown field: stream_options"), chat("x"), seen=seen))
    assert isinstance(got, Reply)
    assert [("stream" in b, "stream_options" in b) for b in seen] == [(True, True), (True, False)]


def test_an_endpoint_that_cannot_stream_at_all_is_asked_for_the_whole() -> None:
    seen: list[Any] = []
    no = error(422, "streaming is not supported")
    assert isinstance(outcome(answers(no, no, chat("x"), seen=seen)), Reply)
    assert "stream" not in seen[-1]


def test_an_error_before_the_stream_keeps_its_status() -> None:
    got = failure(outcome(answers(error(429, "slow down"), seen=[])))
    assert (got.hindrance, got.maybe_paid) == (Hindrance.RATE_LIMITED, False)


def test_an_error_inside_the_stream_is_told_and_may_have_been_paid() -> None:
    said = b'data: {"error": {"message": "out of memory", "code": 503}}\n\n'
    got = failure(outcome(writes(BEGUN, said, b"")))
    assert (got.hindrance, got.maybe_paid) == (Hindrance.SERVER, True)
    assert "out of memory" in got.detail


def test_a_complaint_in_the_middle_of_a_reply_is_not_taken_for_a_way_of_asking() -> None:
    asked: list[int] = []
    said = b'data: {"error": {"message": "stream aborted", "code": 400}}\n\n'

    async def handle(exchange: Exchange) -> None:
        asked.append(exchange.number)
        await writes(BEGUN, said, b"")(exchange)

    assert failure(outcome(handle)).hindrance is Hindrance.REJECTED
    assert asked == [1]


def test_the_last_event_of_a_stream_counts_without_its_empty_line() -> None:
    whole = events(chunks_of(WHOLE), done=False).rstrip()
    got = outcome(writes(whole, b""))
    assert isinstance(got, Reply) and got.usage.completion_tokens == 12


def test_a_prompt_that_is_too_long_is_an_outcome_inside_a_stream_too() -> None:
    said = b'data: {"error": {"message": "maximum context length is 10", "code": 400}}\n\n'
    got = outcome(writes(said, b""))
    assert isinstance(got, Reply) and got.finish is Finish.CONTEXT_OVERFLOW


@pytest.mark.parametrize(
    "handle",
    [
        writes(BEGUN, b""),
        writes(BEGUN, then=Exchange.hang_up),
        writes(BEGUN, then=Exchange.reset),
        writes(b": waiting\n\n", b""),
    ],
    ids=["ended", "closed", "reset", "before the first piece"],
)
def test_a_stream_that_ends_early_is_a_lost_connection_that_may_have_been_paid(handle: Any) -> None:
    got = failure(outcome(handle))
    assert (got.hindrance, got.maybe_paid) == (Hindrance.CONNECTION, True)
    assert "broke off in the middle of a reply" in got.detail


def test_silence_after_the_first_piece_names_the_idle_time_out() -> None:
    got = failure(outcome(writes(BEGUN), idle_timeout_s=SHORT_S))
    assert (got.hindrance, got.maybe_paid) == (Hindrance.TIMEOUT, True)
    assert "idle_timeout_s" in got.detail


def test_before_the_first_piece_only_the_whole_time_out_counts() -> None:
    role = events(chunks_of(WHOLE)[:1], done=False)
    got = failure(outcome(writes(b": queued\n\n", role), idle_timeout_s=0.01, timeout_s=SHORT_S))
    assert got.hindrance is Hindrance.TIMEOUT
    assert "'timeout_s' of the model" in got.detail


def test_a_reply_is_whole_although_the_connection_stays_open() -> None:
    whole = events(chunks_of(WHOLE), done=False)
    got = outcome(writes(whole), idle_timeout_s=SHORT_S)
    assert isinstance(got, Reply) and got.text == "はい。"


def test_a_connection_that_brought_a_whole_stream_is_used_again() -> None:
    numbers: list[int] = []

    async def handle(exchange: Exchange) -> None:
        numbers.append(exchange.nth_on_connection)
        await writes(events(chunks_of(WHOLE)), b"")(exchange)

    async def twice() -> None:
        async with raw_server(handle) as base_url:
            config = ModelConfig(base_url=base_url, model="m", stream=True)
            endpoint = OpenAIEndpoint(config, base_url, api_key="", json_instruction=str)
            for _ in range(2):
                await endpoint.send(QUESTION, sending=1)
            await endpoint.close()

    asyncio.run(twice())
    assert numbers == [1, 2]


def test_a_piece_that_is_no_json_is_the_servers_fault() -> None:
    got = failure(outcome(writes(BEGUN, b"data: <html>\n\n", b"")))
    assert (got.hindrance, got.maybe_paid) == (Hindrance.SERVER, True)
    assert "a piece of the stream is no JSON" in got.detail
