"""An endpoint that is down is left alone and tried now and then; it costs no call its attempts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from matrix_sim.config import OutageConfig, RetryConfig
from matrix_sim.llm import retrying
from matrix_sim.llm.contracts import (
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Reply,
    Request,
)
from matrix_sim.llm.lanes import Lane
from matrix_sim.llm.limits.gate import LeasedGate
from matrix_sim.llm.limits.limiter import Limiter
from matrix_sim.llm.limits.news import EndpointNews
from matrix_sim.llm.retrying import Retrying
from tests.support.books import Books
from tests.support.callers import gate, limiter, now, question, terms
from tests.support.virtual_time import run_virtually

REFUSED = EnvironmentalFailure(Hindrance.CONNECTION, "connection refused")
BROKEN = EnvironmentalFailure(Hindrance.SERVER, "answered 500")
HANGING = EnvironmentalFailure(Hindrance.TIMEOUT, "no answer", maybe_paid=True)
LIMITED = EnvironmentalFailure(Hindrance.RATE_LIMITED, "too many", busy=True)
OUTAGE = OutageConfig(after_failures=5, probe_every_s=5, give_up_after_s=300)


class Ailing:
    """An endpoint that fails for a while."""

    identity = b"ailing"

    def __init__(self, failure: EnvironmentalFailure, until: float) -> None:
        self.failure, self.until = failure, until
        self.sent_at: list[float] = []

    async def send(self, request: Request, *, sending: int) -> Reply:
        self.sent_at.append(now())
        await asyncio.sleep(0.1)
        if now() < self.until:
            raise self.failure
        return Reply("はい。", "", Finish.STOP, "m")


def asking(lanes: list[Lane], attempts: int = 6) -> Retrying:
    retry = RetryConfig(attempts=attempts)
    return Retrying(lanes, retry, sleep=asyncio.sleep, random=random.Random(1))


async def ask_all(retrying: Retrying, many: int) -> list[Reply | BaseException]:
    calls = (retrying.answer(question(n), Books()) for n in range(many))
    return await asyncio.gather(*calls, return_exceptions=True)


def guarded(endpoint: Ailing, port: Limiter, name: str = "m") -> tuple[Lane, LeasedGate]:
    own = gate(port, terms(outage=OUTAGE), lane=name)
    return Lane(name, endpoint, own), own


@pytest.mark.parametrize("failure", [REFUSED, BROKEN, HANGING], ids=["refused", "500", "hangs"])
@pytest.mark.parametrize("many", [2, 40])
def test_calls_wait_out_an_outage_that_is_longer_than_their_attempts(
    failure: EnvironmentalFailure, many: int
) -> None:
    async def through() -> None:
        endpoint = Ailing(failure, until=200.0)
        lane, _ = guarded(endpoint, limiter())
        replies = await ask_all(asking([lane]), many)
        assert all(isinstance(reply, Reply) for reply in replies)
        probes = [at for at in endpoint.sent_at if 20 < at < 200]
        assert 30 <= len(probes) <= 37
        gaps = [b - a for a, b in pairwise(probes)]
        assert min(gaps) >= OUTAGE.probe_every_s - 0.01
        assert now() < 200 + 2 * OUTAGE.probe_every_s

    run_virtually(through())


def test_one_call_that_fails_for_itself_uses_up_its_attempts() -> None:
    async def alone() -> None:
        endpoint = Ailing(BROKEN, until=1e9)
        lane, own = guarded(endpoint, limiter())
        (failure,) = await ask_all(asking([lane]), 1)
        assert isinstance(failure, EnvironmentalFailure)
        assert failure.hindrance is Hindrance.SERVER
        assert (len(endpoint.sent_at), own.open) == (6, True)

    run_virtually(alone())


def test_an_outage_costs_no_attempt_even_where_there_is_only_one() -> None:
    async def late() -> None:
        lane, own = guarded(Ailing(REFUSED, until=100.0), limiter())
        first = asyncio.create_task(ask_all(asking([lane]), 10))
        await asyncio.sleep(20)
        assert not own.open
        replies = await ask_all(asking([lane], attempts=1), 10)
        assert all(isinstance(reply, Reply) for reply in replies + await first)

    run_virtually(late())


def test_an_endpoint_that_answers_some_is_not_down() -> None:
    async def mixed() -> bool:
        own = gate(limiter(), terms(outage=OUTAGE))
        refusal = EnvironmentalFailure(Hindrance.REJECTED, "answered 422")
        for number in range(40):
            async with own.admit(question(number)) as permit:
                permit.failed(refusal if number % 4 == 3 else BROKEN)
            await asyncio.sleep(0.2)
        return own.open

    assert run_virtually(mixed())


def test_whether_it_is_still_down_is_tried_by_whoever_comes_after_a_pause() -> None:
    async def paused() -> tuple[bool, bool]:
        lane, own = guarded(Ailing(REFUSED, until=1e9), limiter())
        asked = asyncio.create_task(ask_all(asking([lane]), 10))
        await asyncio.sleep(20)
        before = own.open
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await asyncio.sleep(5)
        return before, own.open

    assert run_virtually(paused()) == (False, True)


def test_being_turned_away_is_no_outage() -> None:
    async def turned_away() -> None:
        lane, own = guarded(Ailing(LIMITED, until=1e9), limiter())
        failures = await ask_all(asking([lane]), 20)
        assert {f.hindrance for f in failures if isinstance(f, EnvironmentalFailure)} == {
            Hindrance.RATE_LIMITED
        }
        assert own.open

    run_virtually(turned_away())


def test_after_the_longest_wait_everybody_is_told_since_when_and_why() -> None:
    async def for_ever() -> None:
        lane, own = guarded(Ailing(REFUSED, until=1e9), limiter())
        failures = await ask_all(asking([lane]), 20)
        assert 300 <= now() <= 310
        for failure in failures:
            assert isinstance(failure, EnvironmentalFailure)
            assert failure.hindrance is Hindrance.OUTAGE
            assert "m has been down for 30" in str(failure)
            assert "connection refused" in str(failure)
        assert own.load == 0

    run_virtually(for_ever())


def first_open(lanes: Sequence[Lane], request: Request, failed: Lane | None = None) -> Lane:
    return next((lane for lane in lanes if lane.gate.open), lanes[-1])


@pytest.mark.parametrize("down_s", [0.05, 1.0], ids=["at once", "while calls wait"])
def test_others_take_over_from_an_endpoint_that_is_down(
    down_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "choose_lane", first_open)

    async def replicas() -> None:
        port = limiter()
        ailing, well = Ailing(REFUSED, until=0.0), Ailing(REFUSED, until=0.0)
        lanes = [guarded(ailing, port, "a")[0], guarded(well, port, "b")[0]]
        asked = asyncio.create_task(ask_all(asking(lanes), 1000))
        await asyncio.sleep(down_s)
        ailing.until = 1e9
        replies = await asked
        assert all(isinstance(reply, Reply) for reply in replies)
        assert now() < 60
        assert len(well.sent_at) > 500

    run_virtually(replicas())


def test_where_all_are_down_calls_wait_for_whichever_is_back_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrying, "choose_lane", first_open)

    async def replicas() -> None:
        port = limiter()
        lanes = [
            guarded(Ailing(REFUSED, until=1e9), port, "a")[0],
            guarded(Ailing(REFUSED, until=100.0), port, "b")[0],
        ]
        replies = await ask_all(asking(lanes), 50)
        assert all(isinstance(reply, Reply) for reply in replies)
        assert 100 <= now() < 130

    run_virtually(replicas())


def test_an_outage_is_told_once_and_its_end_too() -> None:
    async def told() -> list[str]:
        port, news, lines = limiter(), EndpointNews(), []
        lane, _ = guarded(Ailing(REFUSED, until=30.0), port, "http://here/v1")
        asked = asyncio.create_task(ask_all(asking([lane]), 10))
        while not asked.done():
            await asyncio.sleep(0.5)
            lines += news.lines(port.status())
        await asyncio.sleep(1)
        return lines + news.lines(port.status())

    paused, back = run_virtually(told())
    assert paused.startswith("paused: http://here/v1 has been down for ")
    assert paused.endswith("(connection refused); probing every 5 s")
    assert back == "on again: http://here/v1 answers"


def test_an_endpoint_that_stays_away_ends_nothing_while_another_one_answers() -> None:
    async def replicas() -> None:
        port = limiter()
        lanes = [
            guarded(Ailing(REFUSED, until=1e9), port, "a")[0],
            guarded(Ailing(REFUSED, until=0.0), port, "b")[0],
        ]
        retrying = asking(lanes)
        while now() < 2 * OUTAGE.give_up_after_s:
            replies = await ask_all(retrying, 20)
            assert all(isinstance(reply, Reply) for reply in replies)
            await asyncio.sleep(10)

    run_virtually(replicas())


def test_where_all_stay_away_everybody_is_told_in_the_end() -> None:
    async def replicas() -> None:
        port = limiter()
        lanes = [guarded(Ailing(REFUSED, until=1e9), port, name)[0] for name in ("a", "b", "c")]
        failures = await ask_all(asking(lanes), 20)
        assert 300 <= now() <= 330
        for failure in failures:
            assert isinstance(failure, EnvironmentalFailure)
            assert failure.hindrance is Hindrance.OUTAGE

    run_virtually(replicas())
