"""Patience with an endpoint, under a clock that only the test moves."""

from __future__ import annotations

import asyncio
import random

import pytest

from matrix_sim.config import RetryConfig
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
from matrix_sim.llm.lanes import Lane
from matrix_sim.llm.open_gate import OpenGate
from matrix_sim.llm.retrying import LONGEST_WAIT_S, Retrying
from tests.support.books import Books

QUESTION = Request(Address("act/a00001/t0001"), Role.AGENT, (Message("user", "問い"),), 256)
REPLY = Reply("はい。", "", Finish.STOP, "m")


class Flaky:
    """An endpoint that fails as it is told and then replies."""

    identity = b"flaky"

    def __init__(self, *failures: EnvironmentalFailure) -> None:
        self.failures = list(failures)
        self.sendings: list[int] = []

    async def send(self, request: Request, *, sending: int) -> Reply:
        self.sendings.append(sending)
        if self.failures:
            raise self.failures.pop(0)
        return REPLY


class Draws(random.Random):
    """Draws a stated share of every range."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share

    def uniform(self, a: float, b: float) -> float:
        return a + self.share * (b - a)


def failed(hindrance: Hindrance, after: float | None = None) -> EnvironmentalFailure:
    return EnvironmentalFailure(hindrance, "its words", retry_after_s=after)


def ask(
    endpoint: Flaky, share: float = 1.0, **patience: float
) -> tuple[tuple[Reply, int] | EnvironmentalFailure, list[float]]:
    waits: list[float] = []
    course = Books()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    retrying = Retrying(
        [Lane("m", endpoint, OpenGate())],
        RetryConfig.model_validate(patience),
        sleep=sleep,
        random=Draws(share),
    )
    try:
        return (asyncio.run(retrying.answer(QUESTION, course)), course.sendings), waits
    except EnvironmentalFailure as failure:
        return failure, waits


@pytest.mark.parametrize("hindrance", [h for h in Hindrance if h.passes])
def test_what_passes_is_sent_again_and_counted(hindrance: Hindrance) -> None:
    endpoint = Flaky(failed(hindrance), failed(hindrance))
    assert ask(endpoint)[0] == (REPLY, 3)
    assert endpoint.sendings == [1, 2, 3]


@pytest.mark.parametrize("hindrance", [h for h in Hindrance if not h.passes])
def test_what_does_not_pass_is_raised_at_once(hindrance: Hindrance) -> None:
    endpoint = Flaky(failed(hindrance))
    outcome, waits = ask(endpoint)
    assert isinstance(outcome, EnvironmentalFailure)
    assert (outcome.hindrance, waits, endpoint.sendings) == (hindrance, [], [1])


def test_waits_double_up_to_their_ceiling() -> None:
    endpoint = Flaky(*[failed(Hindrance.SERVER)] * 5)
    _, waits = ask(endpoint, first_wait_s=1, max_wait_s=6)
    assert waits == [1, 2, 4, 6, 6]


def test_jitter_is_full() -> None:
    endpoint = Flaky(*[failed(Hindrance.SERVER)] * 3)
    assert ask(endpoint, share=0.0)[1] == [0, 0, 0]


def test_an_endpoint_is_never_asked_before_the_time_it_names() -> None:
    endpoint = Flaky(failed(Hindrance.RATE_LIMITED, after=50), failed(Hindrance.RATE_LIMITED))
    _, waits = ask(endpoint, share=0.5, first_wait_s=1, max_wait_s=6)
    assert waits == [50.5, 1.0]


def test_a_wait_that_looks_like_a_hang_is_told_instead() -> None:
    endpoint = Flaky(failed(Hindrance.RATE_LIMITED, after=LONGEST_WAIT_S + 1))
    outcome, waits = ask(endpoint)
    assert isinstance(outcome, EnvironmentalFailure)
    assert "601 s" in str(outcome)
    assert waits == []


def test_after_the_attempts_the_last_failure_is_raised_with_its_address() -> None:
    endpoint = Flaky(failed(Hindrance.SERVER), failed(Hindrance.SERVER), failed(Hindrance.TIMEOUT))
    outcome, waits = ask(endpoint, attempts=3)
    assert isinstance(outcome, EnvironmentalFailure)
    assert (outcome.hindrance, outcome.address) == (Hindrance.TIMEOUT, QUESTION.address)
    assert "its words (sent 3 times)" in str(outcome)
    assert len(waits) == 2


def test_attempts_without_number_do_not_overflow_the_wait() -> None:
    endpoint = Flaky(*[failed(Hindrance.SERVER)] * 1500)
    outcome, waits = ask(endpoint, attempts=2000, max_wait_s=30)
    assert outcome == (REPLY, 1501)
    assert max(waits) == 30
