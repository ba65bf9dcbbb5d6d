"""How many requests at once an endpoint can take is found out, whatever way it has of saying so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tests.support.callers import Callers, gate, limiter, terms
from tests.support.simulated_server import SimulatedServer
from tests.support.virtual_time import run_virtually

ROUND_TRIPS = 30
LOOKED_AT = 8
"""Of them, at the end."""


@dataclass(frozen=True)
class Found:
    """How a server was used at the end of a phase."""

    busy: float
    at_once: float
    """Requests in flight, a slot."""
    rejected: float


async def through(
    server: SimulatedServer, phases: tuple[int, ...], *, bound: int = 64, holders: int = 1
) -> list[Found]:
    port = limiter()
    everyone = [
        Callers(server, gate(port, terms(bound), f"h{n}"), 100 // holders, first=100 * n)
        for n in range(holders)
    ]
    found = []
    for slots in phases:
        server.slots = slots
        server.let_in()
        await asyncio.sleep(ROUND_TRIPS - LOOKED_AT)
        server.begin()
        await asyncio.sleep(LOOKED_AT)
        found.append(
            Found(
                server.busy_share,
                server.mean_in_flight / slots,
                server.rejected / max(1, server.sent),
            )
        )
    for callers in everyone:
        await callers.stop()
    return found


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("rejects", [False, True])
@pytest.mark.parametrize("holders", [1, 3])
def test_what_a_server_takes_is_found_within_thirty_round_trips(
    rejects: bool, sigma: float, holders: int
) -> None:
    for seed in range(3):
        server = SimulatedServer(8, rejects=rejects, sigma=sigma, seed=seed)
        found = run_virtually(through(server, (8, 64, 8), holders=holders), seed)
        print(rejects, sigma, holders, seed, found)
