"""Limits by the minute are used up to nine tenths and hardly ever run into, whoever names them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tests.support.callers import Callers, gate, limiter, terms
from tests.support.simulated_server import MINUTE_S, Limits, SimulatedServer
from tests.support.virtual_time import run_virtually

RPM, TPM = 600, 100_000
MINUTES = 3


@dataclass(frozen=True)
class Used:
    """Shares of what the server allows in these minutes, and of what was sent to it."""

    requests: float
    tokens: float
    rejected: float


async def used(
    *,
    rpm: int,
    tpm: int,
    sliding: bool,
    holders: int,
    configured: bool,
    bucket_s: float = MINUTE_S,
    longest: int = 1,
) -> Used:
    limits = Limits(rpm, tpm, sliding=sliding, bucket_s=bucket_s)
    server = SimulatedServer(64, sigma=0.5, limits=limits)
    port = limiter()
    said = terms(rpm=rpm, tpm=tpm) if configured else terms()
    everyone = [
        Callers(
            server,
            gate(port, said, f"h{n}"),
            60 // holders,
            first=100 * n,
            longest=longest,
        )
        for n in range(holders)
    ]
    await asyncio.sleep(MINUTE_S)
    server.begin()
    await asyncio.sleep(MINUTES * MINUTE_S)
    for callers in everyone:
        await callers.stop()
    return Used(
        server.sent / rpm / MINUTES, server.tokens / tpm / MINUTES, server.rejected / server.sent
    )


@pytest.mark.parametrize("configured", [True, False], ids=["configured", "learnt"])
@pytest.mark.parametrize("holders", [1, 3])
@pytest.mark.parametrize("sliding", [True, False], ids=["window", "bucket"])
def test_requests_by_the_minute(sliding: bool, holders: int, configured: bool) -> None:
    seen = run_virtually(
        used(rpm=RPM, tpm=10 * TPM, sliding=sliding, holders=holders, configured=configured)
    )
    assert 0.9 <= seen.requests <= 1.0
    assert seen.rejected < 0.01


@pytest.mark.parametrize("configured", [True, False], ids=["configured", "learnt"])
@pytest.mark.parametrize("holders", [1, 3])
@pytest.mark.parametrize("sliding", [True, False], ids=["window", "bucket"])
def test_tokens_by_the_minute(sliding: bool, holders: int, configured: bool) -> None:
    seen = run_virtually(
        used(rpm=RPM, tpm=TPM, sliding=sliding, holders=holders, configured=configured)
    )
    assert 0.9 <= seen.tokens <= 1.01
    assert seen.rejected < 0.01


@pytest.mark.parametrize("holders", [1, 3])
@pytest.mark.parametrize("sliding", [True, False], ids=["window", "bucket"])
def test_requests_larger_than_what_a_second_brings_are_spaced_by_what_they_took(
    sliding: bool, holders: int
) -> None:
    # Up to 2,400 tokens, where a second brings 1,667; a bucket holds ten of them.
    seen = run_virtually(
        used(
            rpm=RPM,
            tpm=TPM,
            sliding=sliding,
            holders=holders,
            configured=True,
            bucket_s=10.0,
            longest=14,
        )
    )
    assert 0.9 <= seen.tokens <= 1.01
    assert seen.rejected < 0.01
