"""The stub as an endpoint: slots, waits, faults, usage, identity."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from matrix_sim.config import StubConfig
from matrix_sim.llm.contracts import (
    Address,
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Message,
    Request,
    Role,
    Schema,
)
from matrix_sim.llm.stub.endpoint import MODEL, StubEndpoint
from matrix_sim.text import estimate_tokens

OBJECT = Schema("x", b'{"type":"object","properties":{"title":{"type":"string"}}}')


def request(number: int = 0, schema: Schema | None = OBJECT, max_tokens: int = 1024) -> Request:
    message = Message("user", "<persona>\n好きなこと：船釣り、魚拓、写真撮影\n</persona>")
    address = Address(f"act/a{number:05d}/t0000")
    return Request(address, Role.AGENT, (message,), max_tokens, schema)


def stub(**kwargs) -> StubEndpoint:
    return StubEndpoint(StubConfig(**kwargs), seed=7, language="ja")


def send(endpoint: StubEndpoint, asked: Request, sending: int = 1):
    return asyncio.run(endpoint.send(asked, sending=sending))


class Time:
    """Virtual seconds: a sleep ends when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((self.now + seconds, future))
        await future

    async def run(self, *work) -> list:
        tasks = [asyncio.ensure_future(w) for w in work]
        while not all(task.done() for task in tasks):
            for _ in range(10):
                await asyncio.sleep(0)
            if self._waiting:
                self._waiting.sort(key=lambda w: w[0])
                self.now, future = self._waiting.pop(0)
                if not future.done():
                    future.set_result(None)
        return [task.result() for task in tasks]


def test_a_reply_names_the_model_and_counts_tokens():
    asked = request()
    reply = send(stub(), asked)

    assert (reply.model, reply.finish, reply.reasoning) == (MODEL, Finish.STOP, "")
    assert set(orjson.loads(reply.text)) == {"title"}
    assert reply.usage.prompt_tokens == estimate_tokens(asked.messages[0].content)
    assert reply.usage.completion_tokens == estimate_tokens(reply.text)


def test_without_latency_nothing_is_awaited():
    async def forbidden(seconds: float) -> None:
        raise AssertionError("slept")

    endpoint = StubEndpoint(StubConfig(), seed=7, language="ja", sleep=forbidden)
    with pytest.raises(StopIteration) as ended:
        endpoint.send(request(), sending=1).send(None)

    assert ended.value.value == send(stub(), request())


def test_slots_are_respected_and_their_use_is_integrated_exactly():
    time = Time()
    endpoint = StubEndpoint(
        StubConfig(latency="fixed:2", slots=3),
        seed=7,
        language="ja",
        sleep=time.sleep,
        clock=lambda: time.now,
    )
    asyncio.run(time.run(*(endpoint.send(request(n), sending=1) for n in range(7))))
    counters = endpoint.counters

    assert time.now == 6.0
    assert counters.busy_slot_seconds == 14.0
    assert (counters.peak_busy, counters.peak_in_flight) == (3, 7)
    assert counters.served == {"reply": 7}


def test_a_cancelled_call_gives_its_slot_back():
    async def scene() -> StubEndpoint:
        asleep, awake = asyncio.Event(), asyncio.Event()

        async def sleep(seconds: float) -> None:
            asleep.set()
            await awake.wait()

        config = StubConfig(latency="fixed:60", slots=1)
        endpoint = StubEndpoint(config, seed=7, language="ja", sleep=sleep)
        first, second = (
            asyncio.ensure_future(endpoint.send(request(n), sending=1)) for n in range(2)
        )
        await asleep.wait()
        first.cancel()
        awake.set()
        await asyncio.wait_for(second, 5)
        return endpoint

    counters = asyncio.run(scene()).counters
    assert (counters.served, counters.peak_busy) == ({"reply": 1}, 1)


@pytest.mark.parametrize(
    ("fault", "hindrance"),
    [
        ("rate_limited", Hindrance.RATE_LIMITED),
        ("server", Hindrance.SERVER),
        ("timeout", Hindrance.TIMEOUT),
        ("disconnect", Hindrance.CONNECTION),
        ("unavailable", Hindrance.SERVER),
        ("broken_body", Hindrance.SERVER),
    ],
)
def test_an_environmental_fault_is_raised_with_the_address(fault: str, hindrance: Hindrance):
    endpoint = stub(faults={fault: 1.0})
    with pytest.raises(EnvironmentalFailure) as raised:
        send(endpoint, request())

    assert (raised.value.hindrance, raised.value.address) == (hindrance, request().address)
    assert endpoint.counters.served == {fault: 1}
    assert (endpoint.counters.requests, endpoint.counters.replies) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "paid"),
    [
        *(("rate_limited", False), ("server", False), ("unavailable", False)),
        *(("timeout", True), ("disconnect", True), ("broken_body", True)),
    ],
)
def test_a_reply_that_was_made_and_kept_back_is_charged(fault: str, paid: bool):
    endpoint, calm = stub(faults={fault: 1.0}), stub()
    usage = send(calm, request()).usage
    with pytest.raises(EnvironmentalFailure) as raised:
        send(endpoint, request())

    assert raised.value.maybe_paid is paid
    counted = endpoint.counters
    assert (counted.prompt_tokens, counted.completion_tokens) == (0, 0)
    work = usage.prompt_tokens + usage.completion_tokens
    assert (counted.charged_calls, counted.charged_tokens) == ((1, work) if paid else (0, 0))
    assert (calm.counters.charged_calls, calm.counters.charged_tokens) == (1, work)


def test_a_truncated_reply_is_cut_and_says_so():
    whole, cut = send(stub(), request()), send(stub(faults={"truncated": 1.0}), request())

    assert cut.finish is Finish.LENGTH
    assert whole.text.startswith(cut.text) and len(cut.text) < len(whole.text)


def test_a_malformed_reply_is_no_object_even_when_mended():
    import json_repair

    reply = send(stub(faults={"malformed": 1.0}), request())

    assert reply.finish is Finish.STOP
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(reply.text)
    assert not isinstance(json_repair.loads(reply.text), dict)


def test_free_text_cannot_be_malformed():
    asked = request(schema=None)

    assert send(stub(faults={"malformed": 1.0}), asked) == send(stub(), asked)


def test_an_empty_reply_and_a_refusal_say_what_they_are():
    empty = send(stub(faults={"empty": 1.0}), request())
    refused = send(stub(faults={"refused": 1.0}), request())

    assert (empty.text, empty.finish, empty.usage.completion_tokens) == ("", Finish.STOP, 0)
    assert send(stub(faults={"null_content": 1.0}), request()) == empty
    assert refused.finish is Finish.REFUSED and refused.text


def test_a_reply_keeps_within_max_tokens():
    reply = send(stub(), request(max_tokens=8))

    assert reply.finish is Finish.LENGTH
    assert 0 < reply.usage.completion_tokens <= 8


def test_what_is_replied_never_depends_on_sendings_or_weather():
    calm = stub(faults={"truncated": 0.3, "empty": 0.2})
    stormy = stub(faults={"truncated": 0.3, "empty": 0.2, "server": 0.5}, slots=1)

    def finally_answered(asked: Request):
        for sending in range(1, 50):
            try:
                return send(stormy, asked, sending)
            except EnvironmentalFailure:
                continue
        raise AssertionError("never answered")

    for number in range(50):
        assert finally_answered(request(number)) == send(calm, request(number))


def test_the_identity_names_what_decides_replies_and_nothing_else():
    same = [
        stub(),
        stub(latency="fixed:9", slots=2),
        stub(faults={"server": 0.5, "empty": 0.0}),
    ]
    other = [
        stub(faults={"empty": 0.1}),
        stub(reasoning=True),
        StubEndpoint(StubConfig(), seed=8, language="ja"),
    ]

    assert len({e.identity for e in same}) == 1
    assert len({e.identity for e in [*same, *other]}) == 4


def test_reasoning_comes_on_request_and_leaves_the_text_alone():
    thinking, plain = send(stub(reasoning=True), request()), send(stub(), request())

    assert thinking.reasoning and thinking.text == plain.text
    assert thinking.usage.completion_tokens > plain.usage.completion_tokens


def test_a_second_attempt_may_be_answered_better():
    endpoint = stub(faults={"malformed": 0.5})
    texts = [send(endpoint, replace(request(), attempt=n)).text for n in range(1, 12)]

    assert {text.startswith("[") for text in texts} == {True, False}
