"""The stub over HTTP, as real clients see it."""

import asyncio
from typing import Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI

from matrix_sim.config import StubConfig
from matrix_sim.errors import UsageError
from matrix_sim.llm.contracts import Address, Message, Request, Role, Schema
from matrix_sim.llm.stub.endpoint import MODEL, StubEndpoint
from matrix_sim.llm.stub.server import StubServer, models_section
from tests.support.stub_http import MESSAGES, serve, stats

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
CALL = {"X-Matrix-Address": "act/a00001/t0001", "X-Matrix-Attempt": "1", "X-Matrix-Sending": "1"}
SERVED = CALL["X-Matrix-Address"]


def client(url: str, key: str = "none") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


async def ask(url: str, **more: Any) -> Any:
    async with client(url) as model:
        arguments = {"model": MODEL, "messages": MESSAGES, "extra_headers": CALL} | more
        return await model.chat.completions.create(**arguments)


def test_http_gives_what_the_embedded_stub_gives():
    async def scene(url, http):
        return await ask(url, response_format=FORMAT)

    config = StubConfig(reasoning=True)
    answer = serve(scene, config)
    shape = Schema("x", b'{"type":"object","properties":{"title":{"type":"string"}}}')
    message = Message("user", MESSAGES[0]["content"])
    request = Request(Address(SERVED), Role.AGENT, (message,), 1024, shape)
    reply = asyncio.run(StubEndpoint(config, seed=7, language="ja").send(request, sending=1))

    choice = answer.choices[0]
    assert choice.message.content == reply.text
    assert choice.message.reasoning_content == reply.reasoning
    assert (choice.finish_reason, answer.model) == ("stop", MODEL)
    assert answer.usage.prompt_tokens == reply.usage.prompt_tokens
    assert answer.usage.completion_tokens == reply.usage.completion_tokens


def test_a_stream_adds_up_to_the_whole_answer():
    async def scene(url, http):
        whole = await ask(url)
        parts = await ask(url, stream=True, stream_options={"include_usage": True})
        return whole, [part async for part in parts]

    whole, parts = serve(scene, StubConfig(reasoning=True))
    deltas = [part.choices[0].delta for part in parts if part.choices]

    message = whole.choices[0].message
    assert "".join(d.content or "" for d in deltas) == message.content
    thoughts = [getattr(d, "reasoning_content", None) or "" for d in deltas]
    assert "".join(thoughts) == message.reasoning_content
    assert parts[-2].choices[0].finish_reason == "stop"
    assert parts[-1].usage == whole.usage


def test_a_call_without_an_address_is_known_by_its_body():
    async def scene(url, http):
        answers = [await ask(url, extra_headers=None, temperature=t) for t in (0.1, 0.1, 0.2)]
        return [a.choices[0].message.content for a in answers], await stats(url, http)

    (first, second, other), counted = serve(scene)

    assert first == second != other
    assert counted["served"] == {} and counted["replies"] == 3


def test_stats_say_what_was_served_twice_and_can_be_reset():
    async def scene(url, http):
        await ask(url)
        await ask(url, extra_headers=CALL | {"X-Matrix-Attempt": "2"})
        await ask(url, extra_headers=CALL | {"X-Matrix-Sending": "2"})
        before = await stats(url, http)
        async with http.post(f"{url}/stats/reset"):
            return before, await stats(url, http)

    before, after = serve(scene)

    assert before["served"] == {SERVED: 2, f"{SERVED}#2": 1}
    assert before["served_twice"] == {SERVED: 2}
    assert (before["requests"], before["replies"], before["faults"]) == (3, 3, {})
    assert before["completion_tokens"] > 0
    assert (after["requests"], after["served"], after["prompt_tokens"]) == (0, {}, 0)


def test_a_client_that_left_is_served_all_the_same():
    async def scene(url, http):
        body = {"model": MODEL, "messages": MESSAGES}
        with pytest.raises(TimeoutError):
            brief = aiohttp.ClientTimeout(total=0.05)
            await http.post(f"{url}/v1/chat/completions", json=body, headers=CALL, timeout=brief)
        while not (counted := await stats(url, http))["replies"]:
            await asyncio.sleep(0.01)
        return counted

    counted = serve(scene, StubConfig(latency="fixed:0.2"))

    assert (counted["served"], counted["undelivered"]) == ({SERVED: 1}, 1)


def test_a_rate_limit_is_429_with_and_without_retry_after():
    async def scene(url, http):
        waits = set()
        for n in range(12):
            with pytest.raises(openai.RateLimitError) as raised:
                await ask(url, extra_headers=CALL | {"X-Matrix-Sending": str(n + 1)})
            waits.add(raised.value.response.headers.get("Retry-After"))
        return waits, await stats(url, http)

    waits, counted = serve(scene, StubConfig(faults={"rate_limited": 1.0}))

    assert waits == {"1", None}
    assert counted["faults"] == {"rate_limited": 12} and counted["served"] == {}


def test_a_server_fault_is_500():
    async def scene(url, http):
        with pytest.raises(openai.InternalServerError):
            await ask(url)

    serve(scene, StubConfig(faults={"server": 1.0}))


@pytest.mark.parametrize("fault", ["timeout", "disconnect"])
def test_the_connection_closes_without_an_answer(fault: str):
    async def scene(url, http):
        body = {"model": MODEL, "messages": MESSAGES}
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.post(f"{url}/v1/chat/completions", json=body)
        return await stats(url, http)

    assert serve(scene, StubConfig(faults={fault: 1.0}), hang_s=0.02)["faults"] == {fault: 1}


def test_a_server_with_hanging_calls_stops_at_once():
    async def scene(url, http):
        hanging = asyncio.ensure_future(ask(url))
        while not (await stats(url, http))["faults"]:
            await asyncio.sleep(0.01)
        return hanging

    async def within() -> None:
        server = StubServer(StubConfig(faults={"timeout": 1.0}), seed=7, language="ja")
        port = await server.start("127.0.0.1", 0)
        async with aiohttp.ClientSession() as http:
            hanging = await scene(f"http://127.0.0.1:{port}", http)
        await asyncio.wait_for(server.stop(), 5)
        with pytest.raises(openai.APIConnectionError):
            await hanging

    asyncio.run(within())


def test_outcome_faults_look_as_they_do_in_the_wild():
    async def scene(url, http):
        return await ask(url, response_format=FORMAT)

    cut = serve(scene, StubConfig(faults={"truncated": 1.0})).choices[0]
    empty = serve(scene, StubConfig(faults={"empty": 1.0})).choices[0]
    refused = serve(scene, StubConfig(faults={"refused": 1.0})).choices[0]

    assert cut.finish_reason == "length"
    assert (empty.message.content, empty.finish_reason) == ("", "stop")
    assert refused.message.content is None and refused.message.refusal


def test_another_model_does_not_exist():
    async def scene(url, http):
        with pytest.raises(openai.NotFoundError) as raised:
            await ask(url, model="gpt-x")
        async with client(url) as model:
            return raised.value, [m.id async for m in await model.models.list()]

    error, models = serve(scene)

    assert error.code == "model_not_found" and "gpt-x" in error.message
    assert models == [MODEL]


def test_a_wrong_key_is_refused_and_the_right_one_is_not():
    async def scene(url, http):
        async with client(url, key="wrong") as model:
            with pytest.raises(openai.AuthenticationError):
                await model.models.list()
        async with client(url, key="right") as model:
            return await model.models.list()

    assert serve(scene, api_key="right").data


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"messages": []}',
        b'{"messages": [{"role": "pirate", "content": ""}]}',
        b'{"messages": [{"role": "user", "content": 3}]}',
        b'{"messages": [{"role": "user", "content": ""}], "max_tokens": "x"}',
    ],
)
def test_a_wrong_body_is_400(body: bytes):
    async def scene(url, http):
        async with http.post(f"{url}/v1/chat/completions", data=body) as response:
            return response.status, (await response.json())["error"]["message"]

    status, message = serve(scene)

    assert status == 400 and message


def test_embeddings_are_unit_vectors_that_put_like_beside_like():
    async def scene(url, http):
        async with client(url) as model:
            texts = ["港で船釣りをする", "港で船釣りを教える", "帳簿を整理する"]
            packed = await model.embeddings.create(model=MODEL, input=texts)
            plain = await model.embeddings.create(
                model=MODEL, input=texts[0], encoding_format="float"
            )
            return [row.embedding for row in packed.data], plain.data[0].embedding

    (a, b, c), plain = serve(scene)

    def dot(x, y):
        return sum(p * q for p, q in zip(x, y, strict=True))

    assert len(a) == 256 and dot(a, a) == pytest.approx(1, abs=1e-5)
    assert dot(a, b) > dot(a, c) + 0.2
    assert list(a) == pytest.approx(plain, abs=1e-6)


def test_a_taken_port_is_a_usage_error():
    async def scene(url, http):
        port = int(url.rpartition(":")[2])
        with pytest.raises(UsageError, match=str(port)):
            await StubServer(StubConfig(), seed=7, language="ja").start("127.0.0.1", port)

    serve(scene)


def test_the_models_section_can_be_pasted():
    import yaml

    section = yaml.safe_load(models_section("http://127.0.0.1:1/v1", with_key=True))

    assert section["models"]["default"] == {
        "base_url": "http://127.0.0.1:1/v1",
        "model": MODEL,
        "api_key_env": "OPENAI_API_KEY",
    }
