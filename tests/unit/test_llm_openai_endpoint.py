"""What goes over the wire to an OpenAI-compatible endpoint, and how its replies are read."""

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
    Schema,
    Usage,
)
from matrix_sim.llm.openai_endpoint import OpenAIEndpoint
from matrix_sim.llm.request_hash import prompt_json, request_hash
from tests.support.scripted_server import Scripted, ScriptedServer, Seen, chat, error, serving

SCHEMA = Schema("mood", b'{"type":"object","properties":{"mood":{"type":"string"}}}')


def question(schema: Schema | None = None, attempt: int = 1) -> Request:
    return Request(
        address=Address("act/a00042/t0007"),
        role=Role.AGENT,
        messages=(Message("system", "決まり"), Message("user", "問い")),
        max_tokens=256,
        schema=schema,
        attempt=attempt,
    )


def model_at(base_url: str, **settings: Any) -> ModelConfig:
    return ModelConfig.model_validate({"base_url": base_url, "model": "m", **settings})


def send_all(
    answer: Callable[[Seen], Scripted | None], *requests: Request, key: str = "", **settings: Any
) -> tuple[list[Reply], ScriptedServer]:
    """Send the requests one after the other through one endpoint."""

    async def sending() -> tuple[list[Reply], ScriptedServer]:
        async with serving(answer) as server:
            endpoint = OpenAIEndpoint(
                model_at(server.base_url, **settings),
                server.base_url,
                api_key=key,
                json_instruction=lambda schema: f"JSON で答える: {schema}",
            )
            try:
                return [await endpoint.send(r, sending=2) for r in requests], server
            finally:
                await endpoint.close()

    return asyncio.run(sending())


def reply_to(scripted: Scripted) -> Reply:
    return send_all(lambda _: scripted, question())[0][0]


def test_a_reply_comes_with_its_text_its_model_and_its_usage() -> None:
    assert reply_to(chat("はい。")) == Reply(
        "はい。", "", Finish.STOP, "served-model", Usage(30, 12, 16)
    )


def test_the_request_carries_model_messages_room_sampling_and_extra_body() -> None:
    settings = {
        "sampling": {"temperature": 0.5, "seed": 3},
        "extra_body": {"chat_template_kwargs": {"enable_thinking": False}},
    }
    _, server = send_all(lambda _: chat(), question(), key="sk-abc", **settings)
    (seen,) = server.seen
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["Authorization"] == "Bearer sk-abc"
    assert seen.body == {
        "model": "m",
        "max_tokens": 256,
        "temperature": 0.5,
        "seed": 3,
        "messages": [
            {"role": "system", "content": "決まり"},
            {"role": "user", "content": "問い"},
        ],
        "chat_template_kwargs": {"enable_thinking": False},
    }


def test_only_the_stub_learns_the_address_of_a_call() -> None:
    _, other = send_all(lambda _: chat(), question(attempt=3))
    assert not [name for name in other.seen[0].headers if name.lower().startswith("x-matrix")]
    _, stub = send_all(lambda _: chat(), question(attempt=3), model="matrix-sim-stub")
    headers = stub.seen[0].headers
    assert headers["X-Matrix-Address"] == "act/a00042/t0007"
    assert headers["X-Matrix-Attempt"] == "3"
    assert headers["X-Matrix-Sending"] == "2"


def test_the_identity_is_what_decides_a_reply_and_nothing_else() -> None:
    def identity(**settings: Any) -> bytes:
        base_url = settings.pop("base_url", "http://127.0.0.1:1/v1")
        config = model_at(base_url, **settings)
        return OpenAIEndpoint(
            config, config.base_urls[0], api_key="", json_instruction=str
        ).identity

    plain = identity()
    assert plain == b'{"extra_body":{},"model":"m","sampling":{}}'
    assert identity(base_url="http://elsewhere/v1", timeout_s=3, structured="json") == plain
    assert identity(model="n") != plain
    assert identity(sampling={"temperature": 0.1}) != plain
    assert identity(extra_body={"reasoning_effort": "low"}) != plain


def test_hashes_of_requests_are_those_that_journals_hold() -> None:
    config = model_at("http://one/v1", stream=True, preset="qwen3", idle_timeout_s=3)
    asked = question(SCHEMA)
    endpoint = OpenAIEndpoint(config, config.base_urls[0], api_key="", json_instruction=str)
    hashed = request_hash(endpoint.identity, asked, prompt_json(asked.messages))
    assert hashed.hex() == "d762383047c21eed461472c4af429caf009eb3f2ced2f50ffc342f67cf02b240"


@pytest.mark.parametrize(
    ("content", "fields", "text", "reasoning"),
    [
        ("答え", {"reasoning_content": "考え"}, "答え", "考え"),
        ("答え", {"reasoning": "考え"}, "答え", "考え"),
        ("答え", {"reasoning_content": None, "reasoning": "考え"}, "答え", "考え"),
        ("<think>\n考え\n</think>\n\n答え", {}, "答え", "考え"),
        ("考え\n</think>\n答え", {}, "答え", "考え"),
        ("<think>途中で切れた", {}, "", "途中で切れた"),
        ("<think></think>答え", {}, "答え", ""),
        ('{"tag": "</think>"}', {}, '{"tag": "</think>"}', ""),
        ("本文で <think>x</think> と書く", {}, "本文で <think>x</think> と書く", ""),
        (None, {"reasoning_content": "考えただけ"}, "", "考えただけ"),
        (None, {}, "", ""),
        ([{"type": "text", "text": "答"}, {"type": "text", "text": "え"}], {}, "答え", ""),
    ],
)
def test_thinking_is_taken_apart_from_the_text(
    content: object, fields: dict[str, object], text: str, reasoning: str
) -> None:
    reply = reply_to(chat(content, **fields))
    assert (reply.text, reply.reasoning) == (text, reasoning)


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("stop", Finish.STOP),
        (None, Finish.STOP),
        ("length", Finish.LENGTH),
        ("content_filter", Finish.CONTENT_FILTER),
    ],
)
def test_the_finish_is_read_from_the_finish_reason(finish: str | None, expected: Finish) -> None:
    assert reply_to(chat("x", finish)).finish is expected


@pytest.mark.parametrize(
    ("content", "tokens", "finish"),
    [
        ("", 256, Finish.LENGTH),
        ("", 255, Finish.STOP),
        ("答え", 256, Finish.STOP),
    ],
)
def test_room_that_went_into_thinking_alone_was_too_little_whatever_the_server_says(
    content: str, tokens: int, finish: Finish
) -> None:
    body = json.loads(chat(content, reasoning="考え").body)
    body["usage"]["completion_tokens"] = tokens
    assert reply_to(Scripted(body=json.dumps(body).encode())).finish is finish


def test_a_refusal_is_an_outcome_with_its_words() -> None:
    reply = reply_to(chat(None, refusal="お答えできません。"))
    assert (reply.finish, reply.text) == (Finish.REFUSED, "お答えできません。")


def test_characters_that_nothing_can_store_are_replaced_and_counted() -> None:
    body = json.dumps(json.loads(chat("a\x00b\ud800c", reasoning="\x00").body)).encode()

    async def sending() -> tuple[Reply, int]:
        async with serving(lambda _: Scripted(body=body)) as server:
            config = model_at(server.base_url)
            endpoint = OpenAIEndpoint(config, config.base_urls[0], api_key="", json_instruction=str)
            reply = await endpoint.send(question(), sending=1)
            await endpoint.close()
            return reply, endpoint.replaced_characters

    reply, replaced = asyncio.run(sending())
    assert (reply.text, reply.reasoning, replaced) == ("a\ufffdb\ufffdc", "\ufffd", 3)


def test_usage_that_an_endpoint_does_not_give_is_zero() -> None:
    body = json.loads(chat("x").body)
    body["usage"] = None
    del body["model"]
    reply = reply_to(Scripted(body=json.dumps(body).encode()))
    assert (reply.usage, reply.model) == (Usage(), "m")


def test_a_schema_is_sent_as_a_strict_response_format() -> None:
    _, server = send_all(lambda _: chat("{}"), question(SCHEMA))
    assert server.seen[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "mood",
            "strict": True,
            "schema": json.loads(SCHEMA.json_schema),
        },
    }


def knows_only(*types: str, status: int = 400) -> Callable[[Seen], Scripted]:
    """An endpoint that complains about every other response_format."""

    def answer(seen: Seen) -> Scripted:
        asked = seen.body.get("response_format", {"type": "none"})["type"]
        if asked in types:
            return chat('{"mood": "良い"}')
        return error(status, f"response_format type {asked} is not supported")

    return answer


@pytest.mark.parametrize("status", [400, 422, 501])
def test_without_schemas_json_mode_is_used_and_remembered(status: int) -> None:
    replies, server = send_all(
        knows_only("json_object", status=status), question(SCHEMA), question(SCHEMA)
    )
    assert [r.text for r in replies] == ['{"mood": "良い"}'] * 2
    formats = [seen.body["response_format"]["type"] for seen in server.seen]
    assert formats == ["json_schema", "json_object", "json_object"]
    system = server.seen[-1].body["messages"][0]["content"]
    assert system == f"決まり\n\nJSON で答える: {SCHEMA.json_schema.decode()}"


def test_without_any_response_format_the_prompt_alone_asks_for_json() -> None:
    _, server = send_all(knows_only("none"), question(SCHEMA), question(SCHEMA))
    formats = [seen.body.get("response_format", {}).get("type") for seen in server.seen]
    assert formats == ["json_schema", "json_object", None, None]
    assert "JSON で答える" in server.seen[-1].body["messages"][0]["content"]


def test_a_mode_that_was_asked_for_by_name_is_kept_to() -> None:
    with pytest.raises(EnvironmentalFailure) as caught:
        send_all(knows_only("json_object"), question(SCHEMA), structured="schema")
    assert caught.value.hindrance is Hindrance.REJECTED


def test_a_complaint_about_something_else_does_not_change_the_mode() -> None:
    answers = iter([error(400, "temperature must be a number"), chat("{}")])

    async def sending() -> list[str]:
        async with serving(lambda _: next(answers)) as server:
            config = model_at(server.base_url)
            endpoint = OpenAIEndpoint(config, config.base_urls[0], api_key="", json_instruction=str)
            with pytest.raises(EnvironmentalFailure, match="temperature"):
                await endpoint.send(question(SCHEMA), sending=1)
            await endpoint.send(question(SCHEMA), sending=2)
            await endpoint.close()
            return [seen.body["response_format"]["type"] for seen in server.seen]

    assert asyncio.run(sending()) == ["json_schema", "json_schema"]


def test_a_slow_answer_in_the_old_mode_does_not_bring_it_back() -> None:
    async def sending() -> list[str | None]:
        asked, released = asyncio.Event(), asyncio.Event()

        async def late() -> Scripted:
            asked.set()
            await released.wait()
            return chat()

        def answer(seen: Seen) -> Scripted | Awaitable[Scripted]:
            prose = "response_format" not in seen.body
            return late() if prose else knows_only("json_object")(seen)

        async with serving(answer) as server:
            config = model_at(server.base_url)
            endpoint = OpenAIEndpoint(config, config.base_urls[0], api_key="", json_instruction=str)
            prose = asyncio.create_task(endpoint.send(question(), sending=1))
            await asked.wait()
            await endpoint.send(question(SCHEMA), sending=1)
            released.set()
            await prose
            await endpoint.send(question(SCHEMA), sending=1)
            await endpoint.close()
            return [s.body.get("response_format", {}).get("type") for s in server.seen]

    assert asyncio.run(sending()) == [None, "json_schema", "json_object", "json_object"]


def test_a_model_that_wants_max_completion_tokens_gets_them() -> None:
    def answer(seen: Seen) -> Scripted:
        if "max_tokens" in seen.body:
            return error(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
        return chat()

    _, server = send_all(answer, question(), question())
    assert [s.body.get("max_completion_tokens") for s in server.seen] == [None, 256, 256]
