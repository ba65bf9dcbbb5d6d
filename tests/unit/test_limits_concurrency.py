"""How many requests at once an endpoint can take is found out, whatever way it has of saying so."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from math import log, log1p
from statistics import fmean, median

import pytest

from matrix_sim.llm.limits.samples import LengthLine, Samples
from tests.support.callers import Callers, gate, limiter, terms
from tests.support.simulated_server import SimulatedServer
from tests.support.virtual_time import run_virtually

ROUND_TRIPS = 30
LOOKED_AT = 8
"""Of them, at the end."""


SEEDS = range(4)


@dataclass(frozen=True)
class Found:
    """How a server was used at the end of a phase."""

    busy: float
    """Mean share of its slots."""
    at_once: float
    """Median of the requests in flight, a slot."""
    rejected: float


async def through(
    server: SimulatedServer, phases: tuple[int, ...], holders: int, bound: int = 64
) -> list[Found]:
    port, many = limiter(), bound + 36
    everyone = [
        Callers(server, gate(port, terms(bound), f"h{n}"), many // holders, first=many * n)
        for n in range(holders)
    ]
    found = []
    for slots in phases:
        server.slots = slots
        server.let_in()
        await asyncio.sleep(ROUND_TRIPS - LOOKED_AT)
        server.begin()
        seen = []
        for _ in range(10 * LOOKED_AT):
            await asyncio.sleep(0.1)
            seen.append(server.in_flight / slots)
        found.append(Found(server.busy_share, median(seen), server.rejected / server.sent))
    for callers in everyone:
        await callers.stop()
    return found


def over_seeds(
    rejects: bool, sigma: float, holders: int, *, bound: int = 64, refusal_s: float = 0.0
) -> list[Found]:
    """The mean over a few seeds for a server that takes 8 at once, then 64, then 8 again."""

    def one(seed: int) -> list[Found]:
        server = SimulatedServer(8, rejects=rejects, sigma=sigma, seed=seed, refusal_s=refusal_s)
        return run_virtually(through(server, (8, 64, 8), holders, bound), seed)

    runs = [one(seed) for seed in SEEDS]
    return [
        Found(
            fmean(one.busy for one in phase),
            fmean(one.at_once for one in phase),
            fmean(one.rejected for one in phase),
        )
        for phase in zip(*runs, strict=True)
    ]


@pytest.mark.parametrize("holders", [1, 3])
@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0])
def test_what_a_queueing_server_takes_is_found_within_thirty_round_trips(
    sigma: float, holders: int
) -> None:
    for phase in over_seeds(False, sigma, holders):
        assert phase.busy >= 0.9
        assert phase.at_once <= 2.25


@pytest.mark.parametrize("holders", [1, 3])
@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0])
def test_what_a_rejecting_server_takes_is_found_within_thirty_round_trips(
    sigma: float, holders: int
) -> None:
    for phase in over_seeds(True, sigma, holders):
        assert phase.busy >= 0.9
        assert phase.rejected <= 0.06


@pytest.mark.parametrize("holders", [1, 3])
@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_refusals_that_come_one_by_one_drive_the_limit_no_lower_than_what_was_taken(
    sigma: float, holders: int
) -> None:
    for phase in over_seeds(True, sigma, holders, bound=256, refusal_s=0.05):
        assert phase.busy >= 0.85
        assert phase.rejected <= 0.06


def test_requests_turned_away_at_random_do_not_drive_the_limit_down() -> None:
    async def at_random() -> float:
        server = SimulatedServer(32, sigma=0.5, turned_away=0.05)
        callers = Callers(server, gate(limiter(), terms(32)))
        await asyncio.sleep(3 * ROUND_TRIPS)
        server.begin()
        await asyncio.sleep(ROUND_TRIPS)
        await callers.stop()
        return server.busy_share

    assert run_virtually(at_random()) > 0.85


def test_a_fixed_number_is_used_from_the_start_and_lowered_only_by_rejections() -> None:
    async def used(server: SimulatedServer) -> tuple[float, float]:
        port = limiter()
        callers = Callers(server, gate(port, terms(16, fixed=True)))
        await asyncio.sleep(0.5)
        first = server.in_flight
        await asyncio.sleep(2 * ROUND_TRIPS)
        await callers.stop()
        return first, port.status()[0].limit

    assert run_virtually(used(SimulatedServer(4))) == (16, 16)
    first, later = run_virtually(used(SimulatedServer(4, rejects=True)))
    assert (first, later <= 5) == (4, True)


def test_a_limit_that_is_not_used_is_not_raised() -> None:
    async def few() -> int:
        port = limiter()
        callers = Callers(SimulatedServer(64), gate(port, terms()), 2)
        await asyncio.sleep(2 * ROUND_TRIPS)
        await callers.stop()
        return port.status()[0].limit

    assert run_virtually(few()) == 4


def test_scatter_that_the_length_of_replies_explains_is_taken_out() -> None:
    line = LengthLine()
    draw = random.Random(1)
    lengths = [draw.lognormvariate(5, 1) for _ in range(100)]
    line.learn(of(lengths))
    short, long = [n for n in lengths if n < 150], [n for n in lengths if n >= 150]
    apart, _ = line.took(of(long)).more_than(line.took(of(short)))
    assert abs(apart) < 0.01
    assert line.took(of(lengths)).variance < 0.01


def of(lengths: list[float]) -> Samples:
    """Replies that take 20 ms a token."""
    x, y = [log1p(n) for n in lengths], [log(0.02 * (1 + n)) for n in lengths]
    return Samples(
        len(x),
        sum(x),
        sum(y),
        sum(a * a for a in x),
        sum(a * b for a, b in zip(x, y, strict=True)),
        sum(b * b for b in y),
    )
