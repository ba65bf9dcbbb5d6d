"""Ctrl-C while runs are played: each is told of it, and the program has its own handler again."""

from __future__ import annotations

import asyncio
import os
import signal

from matrix_sim.cli.interrupts import Interrupts


async def told(interrupts: Interrupts) -> bool:
    try:
        await interrupts.unless_one_comes(asyncio.sleep(0.5))
    except KeyboardInterrupt:
        return True
    return False


def test_the_one_that_goes_on_is_told_when_the_other_has_ended() -> None:
    async def two() -> None:
        first, second = Interrupts(), Interrupts()
        with first:
            second.__enter__()
        try:
            os.kill(os.getpid(), signal.SIGINT)
            assert await told(second)
        finally:
            second.__exit__(None, None, None)

    before = signal.getsignal(signal.SIGINT)
    asyncio.run(two())
    assert signal.getsignal(signal.SIGINT) is before


def test_both_of_two_are_told() -> None:
    async def two() -> None:
        with Interrupts() as first, Interrupts() as second:
            os.kill(os.getpid(), signal.SIGINT)
            assert await told(first)
            assert await told(second)

    asyncio.run(two())
