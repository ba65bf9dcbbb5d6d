"""A hop between actors: whoever asks gets an answer or a failure, whatever happens on the way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from actors.desk import Desk
from actors.port import CoalescedPort, DirectPort, Port
from matrix_sim.failpoints import InjectedFault
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from tests.support.fake_actor import FakeActor
from tests.support.virtual_time import run_virtually

T = TypeVar("T")
PORTS = pytest.mark.parametrize("port_to", [CoalescedPort, DirectPort])
SEEDS = pytest.mark.parametrize("seed", range(20))
PortTo = Callable[[Any], Port]
coalesced: PortTo = CoalescedPort


class Untold(Exception):
    """Pickles, but cannot be unpickled: it is made of two arguments and remembers one."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} at {where}")


async def work(item: Any) -> Any:
    """`("after", seconds, answer)` takes its time; an exception is raised; the rest comes back."""
    if isinstance(item, BaseException):
        raise item
    match item:
        case ("after", seconds, answer):
            await asyncio.sleep(seconds)
            return answer
        case ("raise", name):
            raise {"untold": Untold("a loss", "sea"), "fault": InjectedFault("now")}[name]
        case ("cancel",):
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(1)
        case ("lock",):
            return threading.Lock()
    return item


def on_time(scene: Coroutine[Any, Any, T], seed: int = 0) -> T:
    """Play a scene under virtual time; an hour of it is a hang."""
    return run_virtually(asyncio.wait_for(scene, 3600.0), seed)


async def outcome(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except Exception as failure:
        return failure


def actor_lost(outcome: Any) -> bool:
    return isinstance(outcome, EnvironmentalFailure) and outcome.hindrance is Hindrance.ACTOR_LOST


@PORTS
def test_an_answer_comes_back(port_to: PortTo) -> None:
    async def scene() -> Any:
        return await port_to(FakeActor(work)).ask({"a": 1})

    assert on_time(scene()) == {"a": 1}


def test_what_is_asked_at_the_same_time_travels_together() -> None:
    async def scene() -> tuple[list[Any], list[int], int]:
        actor = FakeActor(work)
        port = coalesced(actor)
        answers = await asyncio.gather(*(port.ask(number) for number in range(50)))
        return answers, actor.batches, actor.polls

    answers, batches, polls = on_time(scene())
    assert answers == list(range(50))
    assert batches == [50]
    assert polls <= 2


@SEEDS
def test_a_quick_answer_does_not_wait_for_a_slow_one_of_its_batch(seed: int) -> None:
    async def scene() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        port, began = coalesced(FakeActor(work)), loop.time()
        slow = asyncio.ensure_future(port.ask(("after", 300.0, "slow")))
        quick = asyncio.ensure_future(port.ask("quick"))
        assert await quick == "quick"
        took = loop.time() - began
        assert await slow == "slow"
        return took, loop.time() - began

    quick, slow = on_time(scene(), seed)
    assert quick < 0.1
    assert 300.0 <= slow < 300.1


@SEEDS
def test_what_is_done_between_two_polls_is_delivered(seed: int) -> None:
    # Answers become ready at every phase of the poll loop: while it lingers, travels, waits.
    async def scene() -> list[Any]:
        port = coalesced(FakeActor(work))
        items = [("after", 0.0005 * step, step) for step in range(200)]
        return await asyncio.gather(*(port.ask(item) for item in items))

    assert on_time(scene(), seed) == list(range(200))


def test_an_answer_that_takes_longer_than_a_poll_still_comes() -> None:
    async def scene() -> tuple[Any, int]:
        actor = FakeActor(work)
        port = coalesced(actor)
        assert await port.ask("quick") == "quick"
        return await port.ask(("after", 1000.0, "late")), actor.polls

    answer, polls = on_time(scene())
    assert answer == "late"
    assert polls < 30


@PORTS
def test_a_failure_is_raised_where_it_was_asked_for(port_to: PortTo) -> None:
    async def scene() -> tuple[Any, Any, Any]:
        port = port_to(FakeActor(work))
        failure = EnvironmentalFailure(Hindrance.SERVER, "500", address="act/a00001/t0001")
        return await asyncio.gather(
            outcome(port.ask(failure)), outcome(port.ask("good")), outcome(port.ask(KeyError("k")))
        )

    failed, good, missing = on_time(scene())
    assert isinstance(failed, EnvironmentalFailure)
    assert (failed.hindrance, failed.address) == (Hindrance.SERVER, "act/a00001/t0001")
    assert good == "good"
    assert isinstance(missing, KeyError)


@PORTS
def test_a_failure_that_cannot_travel_arrives_as_its_text(port_to: PortTo) -> None:
    async def scene() -> Any:
        return await outcome(port_to(FakeActor(work)).ask(("raise", "untold")))

    assert repr(on_time(scene())) == "RuntimeError('Untold: a loss at sea')"


@PORTS
@pytest.mark.parametrize("end", [("cancel",), ("raise", "fault")])
def test_work_that_is_ended_from_outside_is_answered(port_to: PortTo, end: Any) -> None:
    async def scene() -> Any:
        return await outcome(port_to(FakeActor(work)).ask(end))

    assert isinstance(on_time(scene()), RuntimeError)


@PORTS
def test_a_result_that_cannot_travel_is_a_failure(port_to: PortTo) -> None:
    async def scene() -> tuple[Any, Any]:
        port = port_to(FakeActor(work))
        return await outcome(port.ask(("lock",))), await outcome(port.ask("next"))

    failed, following = on_time(scene())
    assert isinstance(failed, Exception)
    assert following == "next"


@PORTS
def test_an_item_that_cannot_travel_fails_and_the_next_one_does_not(port_to: PortTo) -> None:
    async def scene() -> tuple[Any, Any]:
        port = port_to(FakeActor(work))
        return await outcome(port.ask(threading.Lock())), await outcome(port.ask("next"))

    failed, following = on_time(scene())
    assert isinstance(failed, Exception)
    assert following == "next"


def test_a_batch_that_cannot_travel_fails_for_everyone_in_it() -> None:
    async def scene() -> list[Any]:
        port = coalesced(FakeActor(work))
        items = ["good", threading.Lock(), "also good"]
        return await asyncio.gather(*(outcome(port.ask(item)) for item in items))

    assert all(isinstance(failed, Exception) for failed in on_time(scene()))


@PORTS
@SEEDS
def test_whoever_waits_hears_of_the_death_once_the_actor_is_back(
    port_to: PortTo, seed: int
) -> None:
    async def scene() -> tuple[list[Any], float, Any]:
        loop, actor = asyncio.get_running_loop(), FakeActor(work)
        port = port_to(actor)
        loop.call_later(1.0, actor.die)
        loop.call_later(5.0, actor.come_back)
        waits = [("after", 10.0 + n, n) for n in range(5)]
        lost = await asyncio.gather(*(outcome(port.ask(item)) for item in waits))
        return lost, loop.time(), await port.ask("again")

    lost, when, again = on_time(scene(), seed)
    assert all(map(actor_lost, lost))
    assert 5.0 <= when < 6.0
    assert again == "again"


@SEEDS
def test_a_death_at_any_moment_leaves_nobody_waiting(seed: int) -> None:
    # Somebody asks every millisecond while the actor dies and comes back three times.
    async def scene() -> list[Any]:
        loop, actor = asyncio.get_running_loop(), FakeActor(work)
        port = coalesced(actor)
        for when in (0.05, 0.5, 0.9):
            loop.call_later(when + seed * 0.0003, actor.die)
            loop.call_later(when + seed * 0.0003 + 0.1, actor.come_back)

        async def one(number: int) -> Any:
            await asyncio.sleep(number * 0.001)
            return await outcome(port.ask(("after", (number % 7) * 0.01, number)))

        return await asyncio.gather(*(one(number) for number in range(1200)))

    outcomes = on_time(scene(), seed)
    lost = [number for number, what in enumerate(outcomes) if what != number]
    assert all(actor_lost(outcomes[number]) for number in lost)
    assert 0 < len(lost) < 600


def test_a_new_life_of_the_desk_fails_what_the_old_one_had_taken() -> None:
    # The actor is restarted at every moment of a question's way. Where no call was under way,
    # nobody hears of the death itself, only that it is another life that answers.
    async def scene(moment: float) -> str:
        loop, actor = asyncio.get_running_loop(), FakeActor(work)

        def restart() -> None:
            actor.die()
            actor.come_back()

        loop.call_later(moment, restart)
        return str(await outcome(coalesced(actor).ask(("after", 0.02, "answered"))))

    told = [on_time(scene(0.00025 * step)) for step in range(200)]
    assert {text.split(":")[0] for text in told} == {"answered", "actor_lost"}
    assert "actor_lost: it was restarted" in told
    assert told[0] == told[-1] == "answered"


@PORTS
def test_an_actor_that_is_gone_for_good_fails_at_once(port_to: PortTo) -> None:
    async def scene() -> tuple[Any, float]:
        actor = FakeActor(work)
        actor.die_for_good()
        return await outcome(port_to(actor).ask("anything")), asyncio.get_running_loop().time()

    lost, when = on_time(scene())
    assert actor_lost(lost)
    assert "gone for good" in str(lost)
    assert when < 1.0


@PORTS
def test_an_actor_that_does_not_come_back_is_given_up(port_to: PortTo) -> None:
    async def scene() -> Any:
        actor = FakeActor(work)
        actor.die()
        return await outcome(port_to(actor).ask("anything"))

    lost = on_time(scene())
    assert actor_lost(lost)
    assert "did not come back" in str(lost)


def test_a_cancelled_question_holds_up_no_other() -> None:
    async def scene() -> list[Any]:
        port = coalesced(FakeActor(work))
        given_up = asyncio.ensure_future(port.ask(("after", 500.0, "late")))
        answers = [await port.ask("first")]
        given_up.cancel()
        return [*answers, await port.ask("second")]

    assert on_time(scene()) == ["first", "second"]


def test_a_client_that_a_desk_does_not_know_learns_so_at_once() -> None:
    async def scene() -> tuple[Any, str]:
        desk = Desk(work)
        return await desk.collect("stranger", ("", 0)), desk.submit("another", [])

    batch, life = on_time(scene())
    assert batch.answers == ()
    assert batch.life == life
