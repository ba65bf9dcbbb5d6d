"""The hop between actors on Ray itself: what the fake actor of the other tests stands for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import ray

from actors.handle import Handle
from actors.port import CoalescedPort, DirectPort, Port
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from tests.support.echo_actor import EchoActor

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("own_ray"), pytest.mark.xdist_group("echo")]
PORTS = pytest.mark.parametrize("port_to", [CoalescedPort, DirectPort])
PortTo = Callable[[Handle], Port]


@pytest.fixture(scope="module")
def echo(own_ray: None) -> Iterator[Handle]:
    handle: Any = ray.remote(EchoActor).options(num_cpus=0, max_restarts=-1).remote()
    yield handle
    ray.kill(handle)


async def outcome(answer: Awaitable[Any]) -> Any:
    try:
        return await asyncio.wait_for(answer, 30)
    except Exception as failure:
        return failure


@PORTS
def test_everyone_hears_what_became_of_the_question(port_to: PortTo, echo: Handle) -> None:
    async def scene() -> list[Any]:
        port = port_to(echo)
        slow = asyncio.ensure_future(port.ask("wait for ever"))
        outcomes = [await outcome(port.ask("quick"))]
        outcomes.append(await outcome(port.ask("raise")))
        outcomes.append(await outcome(port.ask(threading.Lock())))
        outcomes.append(await outcome(port.ask("die")))
        outcomes.append(await outcome(slow))
        return [*outcomes, await outcome(port.ask("again"))]

    quick, raised, unsendable, died, lost, again = asyncio.run(scene())
    assert (quick, again) == ("quick", "again")
    assert isinstance(raised, KeyError)
    assert isinstance(unsendable, Exception)
    for failure in (died, lost):
        assert isinstance(failure, EnvironmentalFailure)
        assert failure.hindrance is Hindrance.ACTOR_LOST


@PORTS
def test_an_answer_that_cannot_travel_is_a_failure(port_to: PortTo, echo: Handle) -> None:
    async def scene() -> tuple[Any, Any]:
        port = port_to(echo)
        failed = await outcome(port.ask("answer what cannot travel"))
        return failed, await outcome(port.ask("again"))

    failed, again = asyncio.run(scene())
    assert isinstance(failed, Exception)
    assert not isinstance(failed, TimeoutError)
    assert again == "again"
