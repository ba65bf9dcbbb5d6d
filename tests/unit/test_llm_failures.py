"""Everything that keeps an endpoint from replying has a type, a next step, and never the key."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from matrix_sim.config import ModelConfig
from matrix_sim.errors import UsageError
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
from tests.support.scripted_server import Scripted, Seen, error, serving

KEY = "sk-very-secret-key"
NOON = 1_700_000_000.0
"""Tue, 14 Nov 2023 22:13:20 GMT."""
QUESTION = Request(Address("act/a00001/t0001"), Role.AGENT, (Message("user", "問い"),), 256)


def endpoint_at(base_url: str, **settings: Any) -> OpenAIEndpoint:
    config = ModelConfig.model_validate(
        {"base_url": base_url, "model": "m", "api_key_env": "MY_KEY", **settings}
    )
    return OpenAIEndpoint(
        config, config.base_urls[0], api_key=KEY, json_instruction=str, wall_clock=lambda: NOON
    )


async def send_to(base_url: str, **settings: Any) -> Reply:
    endpoint = endpoint_at(base_url, **settings)
    try:
        return await endpoint.send(QUESTION, sending=1)
    finally:
        await endpoint.close()


def outcome(answer: Callable[[Seen], Scripted | None], **settings: Any) -> Reply:
    async def sending() -> Reply:
        async with serving(answer) as server:
            return await send_to(server.base_url, **settings)

    return asyncio.run(sending())


def failure(scripted: Scripted | None, **settings: Any) -> EnvironmentalFailure:
    with pytest.raises(EnvironmentalFailure) as caught:
        outcome(lambda _: scripted, **settings)
    return caught.value


@pytest.mark.parametrize(
    ("status", "hindrance"),
    [
        (400, Hindrance.REJECTED),
        (401, Hindrance.UNAUTHORISED),
        (402, Hindrance.REJECTED),
        (403, Hindrance.UNAUTHORISED),
        (404, Hindrance.MODEL_UNKNOWN),
        (408, Hindrance.TIMEOUT),
        (422, Hindrance.REJECTED),
        (429, Hindrance.RATE_LIMITED),
        (500, Hindrance.SERVER),
        (503, Hindrance.SERVER),
        (529, Hindrance.SERVER),
    ],
)
def test_every_status_has_its_hindrance_and_the_endpoints_words(
    status: int, hindrance: Hindrance
) -> None:
    failed = failure(error(status, "these are its words"))
    assert failed.hindrance is hindrance
    assert "these are its words" in failed.detail
    assert str(status) in failed.detail


def test_a_refused_key_names_the_variable_to_check() -> None:
    assert "MY_KEY" in failure(error(401, "Invalid API Key")).detail


def test_an_unknown_model_is_named() -> None:
    assert "'m'" in failure(error(404, "no such model")).detail


def test_an_account_without_credit_is_not_waited_for() -> None:
    failed = failure(error(429, "You exceeded your quota", code="insufficient_quota"))
    assert failed.hindrance is Hindrance.REJECTED


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert failure(error(429, "slow down", headers=headers)).retry_after_s == seconds


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "request (9 tokens) exceeds ...", type="exceed_context_size_error", code=400),
        error(400, "This model's maximum context length is 4096 tokens."),
        error(400, "too long", code="context_length_exceeded"),
        Scripted(
            400,
            json.dumps({"object": "error", "message": "maximum context length is 9"}).encode(),
        ),
    ],
)
def test_a_prompt_that_is_too_long_is_an_outcome(answer: Scripted) -> None:
    reply = outcome(lambda _: answer)
    assert (reply.finish, reply.text, reply.model) == (Finish.CONTEXT_OVERFLOW, "", "m")


@pytest.mark.parametrize(
    "message", ["Context size has been exceeded.", "maximum context length of the pool reached"]
)
def test_a_full_context_pool_is_load_and_passes(message: str) -> None:
    assert failure(error(500, message)).hindrance is Hindrance.SERVER


@pytest.mark.parametrize(
    "body",
    [
        b"<html>upstream is down</html>",
        b"",
        b"[]",
        b'{"choices": []}',
        b'{"error": {"message": "provider overloaded", "code": 502}}',
        b'{"choices": [{"finish_reason": "error", "message": {"content": ""}}]}',
    ],
)
def test_a_body_without_a_reply_is_the_servers_fault_and_is_shown(body: bytes) -> None:
    failed = failure(Scripted(body=body))
    assert failed.hindrance is Hindrance.SERVER
    for word in ("upstream is down", "provider overloaded"):
        assert (word.encode() in body) == (word in failed.detail)


def test_a_body_that_is_no_json_is_quoted_from_its_beginning_only() -> None:
    failed = failure(Scripted(body=b"start " + b"x" * 5000))
    assert "start xxx" in failed.detail
    assert len(failed.detail) < 500


def test_hanging_up_is_a_lost_connection() -> None:
    failed = failure(None)
    assert failed.hindrance is Hindrance.CONNECTION
    # The client's own errors hold the request, and with it the key.
    assert (failed.__cause__, failed.__context__) == (None, None)


def test_a_port_where_nobody_listens_is_a_lost_connection() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        with pytest.raises(EnvironmentalFailure) as caught:
            asyncio.run(send_to(address))
    assert caught.value.hindrance is Hindrance.CONNECTION
    assert address in caught.value.detail


def test_bytes_that_are_no_http_are_a_lost_connection() -> None:
    async def babbling() -> Reply:
        async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"this is no HTTP\r\n\r\n")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await send_to(f"http://127.0.0.1:{port}/v1")

    with pytest.raises(EnvironmentalFailure) as caught:
        asyncio.run(babbling())
    assert caught.value.hindrance is Hindrance.CONNECTION


def test_what_was_certainly_not_paid_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matrix_sim.llm.transport._CONNECT_S", 0.1)

    async def sending(listening: bool) -> EnvironmentalFailure:
        with socket.socket() as nobody, socket.socket() as first, socket.socket() as second:
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
            if listening:  # and nobody accepts: the queue is full
                nobody.listen(0)
                for waiting in (first, second):
                    waiting.setblocking(False)
                    waiting.connect_ex(("127.0.0.1", port))
            with pytest.raises(EnvironmentalFailure) as caught:
                await send_to(f"http://127.0.0.1:{port}/v1")
            return caught.value

    for listening in (True, False):
        failed = asyncio.run(sending(listening))
        assert (failed.hindrance, failed.maybe_paid) == (Hindrance.CONNECTION, False)
    assert failure(None).maybe_paid
    assert failure(Scripted(body=b"no json")).maybe_paid
    assert not failure(error(429, "slow down")).maybe_paid


def test_a_server_that_trickles_and_never_ends_times_out() -> None:
    async def trickling() -> Reply:
        async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            try:
                for _ in range(10_000):
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.01)
            finally:
                writer.transport.abort()

        async with await asyncio.start_server(trickle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            sending = send_to(f"http://127.0.0.1:{port}/v1", timeout_s=0.2)
            return await asyncio.wait_for(sending, 5)

    with pytest.raises(EnvironmentalFailure) as caught:
        asyncio.run(trickling())
    assert caught.value.hindrance is Hindrance.TIMEOUT
    assert "timeout_s" in caught.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        error(401, f"Incorrect API key provided: {KEY}"),
        Scripted(body=f"you sent {KEY}".encode()),
        Scripted(500, f"{'x' * 490}{KEY}".encode()),
    ],
)
def test_no_message_and_no_traceback_holds_the_key(answer: Scripted) -> None:
    failed = failure(answer)
    shown = "".join(traceback.format_exception(failed)) + repr(failed)
    assert KEY[:8] not in shown
    context: BaseException | None = failed
    while context is not None:
        assert KEY not in str(context)
        context = context.__context__


def test_an_endpoint_does_not_show_its_key() -> None:
    assert KEY not in repr(endpoint_at("http://127.0.0.1:1/v1"))


@pytest.mark.parametrize("key", ["two words", "キー", "line\nbreak"])
def test_a_key_that_no_header_carries_is_told_without_showing_it(key: str) -> None:
    config = ModelConfig(base_url="http://127.0.0.1:1/v1", model="m", api_key_env="MY_KEY")
    with pytest.raises(UsageError, match="MY_KEY") as caught:
        OpenAIEndpoint(config, config.base_urls[0], api_key=key, json_instruction=str)
    assert key not in str(caught.value)
