"""Once nothing more is to be sent, whoever waits is told at once, and nothing is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from matrix_sim.failpoints import NO_FAILPOINTS
from matrix_sim.llm.contracts import Course, EnvironmentalFailure, Hindrance, Reply, Request, Role
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.prefix_cache import PrefixCache
from tests.support.memory_journal import (
    MemoryJournal,
    Model,
    journaled,
    question,
    reply,
    run,
    settle,
)


class AtTheGate(Model):
    """A backend whose requests wait for leave; one that a failure has met waits once more."""

    def __init__(self, met: EnvironmentalFailure | None = None) -> None:
        super().__init__()
        self._met = met

    async def answer(self, request: Request, course: Course) -> Reply:
        if self._met is not None:
            await course.reserve()
            course.sent(self._met)
        await asyncio.Event().wait()
        raise AssertionError


BUSY = EnvironmentalFailure(Hindrance.RATE_LIMITED, "too many")
HANGING = EnvironmentalFailure(Hindrance.TIMEOUT, "no answer", maybe_paid=True)


@pytest.mark.parametrize(
    ("met", "given_back"), [(None, []), (BUSY, [True]), (HANGING, [False])], ids=str
)
def test_a_stop_turns_back_whoever_waits_to_be_sent(
    met: EnvironmentalFailure | None, given_back: list[bool]
) -> None:
    async def stopped() -> object:
        llm = journaled(AtTheGate(met), journal)
        call = asyncio.create_task(llm.complete(question()))
        await settle()
        llm.stop()
        (outcome,) = await asyncio.gather(call, return_exceptions=True)
        return outcome

    journal = MemoryJournal()
    assert getattr(run(stopped()), "hindrance", None) is Hindrance.STOPPED
    assert [not abandoned.maybe_paid for abandoned in journal.abandoned] == given_back


def test_a_stop_lets_come_home_what_is_under_way_and_sends_nothing_more() -> None:
    async def stopped() -> tuple[Reply, object]:
        let = asyncio.Event()

        async def slowly(request: Request) -> Reply:
            await let.wait()
            return reply("はい")

        model, journal = Model(slowly), MemoryJournal()
        llm = journaled(model, journal)
        call = asyncio.create_task(llm.complete(question()))
        await settle()
        llm.stop()
        let.set()
        home = await call
        assert len(journal.recorded) == 1
        (later,) = await asyncio.gather(llm.complete(question(tick=2)), return_exceptions=True)
        assert len(model.asked) == len(journal.opened) == 1
        return home, later

    home, later = run(stopped())
    assert home == reply("はい")
    assert getattr(later, "hindrance", None) is Hindrance.STOPPED


def test_what_fails_after_a_stop_waits_for_no_other_sending() -> None:
    async def stopped() -> object:
        let, failed = asyncio.Event(), []

        class Failing(Model):
            async def answer(self, request: Request, course: Course) -> Reply:
                await course.reserve()
                await let.wait()
                course.sent(BUSY)
                failed.append(request)
                await asyncio.Event().wait()
                raise AssertionError

        llm = journaled(Failing())
        call = asyncio.create_task(llm.complete(question()))
        await settle()
        llm.stop()
        let.set()
        (outcome,) = await asyncio.gather(call, return_exceptions=True)
        assert not failed
        return outcome

    assert getattr(run(stopped()), "hindrance", None) is Hindrance.STOPPED


def test_nobody_waits_at_a_gate_once_a_key_was_refused() -> None:
    async def refused() -> list[object]:
        async def unauthorised(request: Request) -> Reply:
            raise EnvironmentalFailure(Hindrance.UNAUTHORISED, "no such key")

        backends = {Role.AGENT: AtTheGate(), Role.MODULATOR: Model(unauthorised)}
        llm = Journaled(
            backends,
            MemoryJournal(),
            max_in_flight=4,
            prefix_cache=PrefixCache(10_000),
            failpoints=NO_FAILPOINTS,
        )
        waiting = asyncio.create_task(llm.complete(question()))
        await settle()
        routing = llm.complete(replace(question(tick=2), role=Role.MODULATOR))
        return list(await asyncio.gather(waiting, routing, return_exceptions=True))

    outcomes = run(refused())
    assert [getattr(o, "hindrance", None) for o in outcomes] == [Hindrance.UNAUTHORISED] * 2
