"""The stub's server turning clients away and letting them down, as real clients see it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from matrix_sim.config import ModelConfig, StubConfig
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
from matrix_sim.llm.stub.admission import AdmissionRules
from matrix_sim.llm.stub.endpoint import MODEL
from tests.support.stub_http import MESSAGES, serve, stats

BODY = {"model": MODEL, "messages": MESSAGES, "max_tokens": 300}


async def post(
    url: str, http: aiohttp.ClientSession, path: str = "/v1/chat/completions", **body: Any
) -> tuple[int, dict[str, str], bytes]:
    async with http.post(url + path, json=body or BODY) as answer:
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, await answer.read()


def limited(**rules: Any) -> dict[str, Any]:
    return {"admission": AdmissionRules.model_validate(rules)}


async def through_the_client(url: str, sending: int = 1) -> Reply | EnvironmentalFailure:
    """What the program's own client makes of the answer."""
    model = ModelConfig(base_url=f"{url}/v1", model=MODEL, timeout_s=5)
    endpoint = OpenAIEndpoint(model, f"{url}/v1", api_key="", json_instruction=str)
    message = Message("user", MESSAGES[0]["content"])
    request = Request(Address("act/a00001/t0001"), Role.AGENT, (message,), 300)
    try:
        return await endpoint.send(request, sending=sending)
    except EnvironmentalFailure as failure:
        return failure
    finally:
        await endpoint.close()


def test_a_rate_limit_says_when_to_come_again_and_every_answer_what_is_left() -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> list[tuple[int, dict[str, str]]]:
        return [(await post(url, http))[:2] for _ in range(2)]

    (first, told), (second, turned_away) = serve(scene, **limited(rpm=6, tpm=60_000))
    assert (first, second) == (200, 429)
    assert told["x-ratelimit-limit-requests"] == turned_away["x-ratelimit-limit-requests"] == "6"
    assert turned_away["x-ratelimit-remaining-requests"] == "0"
    assert 0 < int(told["x-ratelimit-remaining-tokens"]) < 1000
    assert turned_away["retry-after"] == "10"
    assert 9000 < int(turned_away["retry-after-ms"]) <= 10_000


def test_a_silent_server_only_says_no() -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> list[tuple[int, dict[str, str]]]:
        return [(await post(url, http))[:2] for _ in range(2)]

    answers = serve(scene, **limited(rpm=6, headers=False))
    assert [status for status, _ in answers] == [200, 429]
    assert not [
        name for _, headers in answers for name in headers if "rate" in name or "re" in name[:3]
    ]


def test_faults_on_purpose_come_with_what_is_left_too() -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> dict[str, str]:
        return (await post(url, http))[1]

    headers = serve(scene, StubConfig(faults={"server": 1.0}), **limited(rpm=600))
    assert headers["x-ratelimit-remaining-requests"] == "9"


def test_who_is_turned_away_is_counted_by_cause_and_served_nothing() -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> dict[str, Any]:
        for _ in range(5):
            await post(url, http)
        return await stats(url, http)

    counted = serve(scene, **limited(rpm=120, window="sliding", window_s=1))
    assert (counted["requests"], counted["charged_calls"]) == (2, 2)
    assert counted["admission"]["accepted"] == 2
    assert counted["admission"]["rejected"] == {"requests": 3}
    assert sum(s["rejected"] for s in counted["admission"]["seconds"]) == 3


def test_slots_reject_or_queue_and_can_be_changed_while_calls_wait() -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> Any:
        rules = {"slots": 1, "over": "reject"}
        await post(url, http, "/admission", **rules)
        statuses = [(await a)[0] for a in [asyncio.create_task(post(url, http)) for _ in range(3)]]
        await post(url, http, "/admission", over="queue")
        waiting = [asyncio.create_task(post(url, http)) for _ in range(3)]
        while (before := await stats(url, http))["admission"]["in_flight"] < 3:
            await asyncio.sleep(0.005)
        assert before["peak_busy"] == 1
        await post(url, http, "/admission", slots=3)
        while (counted := await stats(url, http))["peak_busy"] < 3:
            await asyncio.sleep(0.005)
        return sorted(statuses), [(await a)[0] for a in waiting], counted["admission"]

    rejected, queued, counted = serve(scene, StubConfig(latency="fixed:0.15"))
    assert (rejected, queued) == ([200, 429, 429], [200, 200, 200])
    assert counted["rejected"] == {"slots": 2}
    assert (counted["rules"]["slots"], counted["peak_in_flight"]) == (3, 3)


@pytest.mark.parametrize(
    ("body", "said"), [({"slots": 0}, "'slots'"), ({"slot": 3}, "'slot'"), ({"rpm": "1"}, "'rpm'")]
)
def test_a_rule_that_makes_no_sense_is_400_and_changes_nothing(
    body: dict[str, Any], said: str
) -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> tuple[int, bytes, dict[str, Any]]:
        before = (await stats(url, http))["admission"]["rules"]
        status, _, text = await post(url, http, "/admission", **body)
        assert (await stats(url, http))["admission"]["rules"] == before
        return status, text, before

    status, text, _ = serve(scene)
    assert status == 400 and said in json.loads(text)["error"]["message"]


def test_unavailable_is_503_and_nobody_pays() -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> tuple[int, dict[str, Any]]:
        return (await post(url, http))[0], await stats(url, http)

    status, counted = serve(scene, StubConfig(faults={"unavailable": 1.0}))
    assert (status, counted["faults"]) == (503, {"unavailable": 1})
    assert (counted["replies"], counted["charged_calls"]) == (0, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_a_broken_body_is_a_200_that_ends_half_way_and_is_paid(stream: bool) -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> tuple[int, bytes, dict[str, Any]]:
        status, _, body = await post(url, http, **BODY, stream=stream)
        return status, body, await stats(url, http)

    status, body, counted = serve(scene, StubConfig(faults={"broken_body": 1.0}))
    assert (status, counted["replies"], counted["prompt_tokens"]) == (200, 0, 0)
    assert b'finish_reason":"stop' not in body and b"[DONE]" not in body
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert counted["charged_calls"] == 1 and counted["charged_tokens"] > 20


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_hangs_up_before_its_answer_or_in_the_middle_of_it(stream: bool) -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> list[str]:
        ends = []
        for sending in range(1, 13):
            headers = {"X-Matrix-Address": "act/a00001/t0001", "X-Matrix-Sending": str(sending)}
            began = ""
            try:
                async with http.post(
                    f"{url}/v1/chat/completions", json=BODY | {"stream": stream}, headers=headers
                ) as answer:
                    began = f"after {answer.status}"
                    await answer.read()
            except aiohttp.ClientError:
                ends.append(began or "before")
        assert (await stats(url, http))["charged_calls"] == 12
        return ends

    ends = serve(scene, StubConfig(faults={"disconnect": 1.0}))
    assert len(ends) == 12 and {*ends} == {"before", "after 200"}


@pytest.mark.parametrize("stream", [False, True])
def test_null_content_is_no_text_and_no_error(stream: bool) -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> bytes:
        return (await post(url, http, **BODY, stream=stream))[2]

    body = serve(scene, StubConfig(faults={"null_content": 1.0}))
    if stream:
        events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith(b"data: {")]
        contents = [c["delta"].get("content") for e in events for c in e["choices"]]
        assert {*contents} == {None} and len(contents) == 2
    else:
        choice = json.loads(body)["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == (None, "stop")


@pytest.mark.parametrize(
    ("fault", "hindrance"),
    [
        ("unavailable", Hindrance.SERVER),
        ("broken_body", Hindrance.SERVER),
        ("disconnect", Hindrance.CONNECTION),
    ],
)
def test_the_client_knows_the_failure(fault: str, hindrance: Hindrance) -> None:
    async def scene(url: str, _: aiohttp.ClientSession) -> list[Reply | EnvironmentalFailure]:
        return [await through_the_client(url, sending) for sending in range(1, 7)]

    for came in serve(scene, StubConfig(faults={fault: 1.0})):
        assert isinstance(came, EnvironmentalFailure), came
        assert came.hindrance is hindrance


def test_the_client_takes_null_content_for_an_empty_reply() -> None:
    came = serve(lambda url, _: through_the_client(url), StubConfig(faults={"null_content": 1.0}))
    assert isinstance(came, Reply)
    assert (came.text, came.finish) == ("", Finish.STOP)


def test_a_connection_that_idles_is_closed_without_a_word() -> None:
    async def scene(url: str, http: aiohttp.ClientSession) -> bytes:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer

    answer = serve(scene, close_idle_s=0.05)
    assert answer.startswith(b"HTTP/1.1 200") and b"close" not in answer.lower()
