"""Numbers pass in order, whoever comes first; none passes where one before it is missing."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.synthesis.turnstile import Turnstile
from tests.support.examples import examples
from tests.support.virtual_time import run_virtually

AWAY = RuntimeError("away")


async def all_come(order: list[int], aside: set[int], missing: set[int]) -> tuple[list[int], int]:
    """Who passed, in order, and how many were turned back."""
    turnstile, passed, back = Turnstile(), [], 0

    async def come(number: int, moment: int) -> None:
        nonlocal back
        await asyncio.sleep(moment)
        if number in missing:
            turnstile.give_up(number, AWAY)
        elif number in aside:
            turnstile.step_aside(number)
        else:
            try:
                async with turnstile.turn(number):
                    passed.append(number)
                turnstile.step_aside(number)  # as a candidate does at its end: nothing changes
            except RuntimeError as failure:
                assert failure is AWAY
                back += 1

    await asyncio.gather(*(come(number, moment) for moment, number in enumerate(order)))
    return passed, back


@examples(60)
@given(
    order=st.permutations(range(8)),
    aside=st.sets(st.integers(0, 7)),
    missing=st.sets(st.integers(0, 7), max_size=3),
)
def test_those_before_the_first_that_is_missing_pass_in_order_and_all_others_hear_why(
    order: list[int], aside: set[int], missing: set[int]
) -> None:
    passed, back = run_virtually(all_come(order, aside, missing))
    coming = [number for number in range(8) if number not in aside | missing]
    in_time = [number for number in coming if number < min(missing, default=8)]
    assert passed == in_time
    assert back == len(coming) - len(in_time)


def test_one_that_fails_in_its_turn_is_missing_to_those_behind_it() -> None:
    turnstile, passed = Turnstile(), []

    async def fail() -> None:
        try:
            async with turnstile.turn(0):
                raise AWAY
        except RuntimeError as failure:
            turnstile.give_up(0, failure)

    async def follow() -> None:
        async with turnstile.turn(1):
            passed.append(1)

    async def both() -> list[object]:
        return await asyncio.gather(follow(), fail(), return_exceptions=True)

    assert run_virtually(both()) == [AWAY, None]
    assert passed == []


def test_one_that_has_passed_holds_nobody_up_whatever_becomes_of_it() -> None:
    turnstile = Turnstile()

    async def pass_all() -> None:
        async with turnstile.turn(0):
            pass
        turnstile.give_up(0, AWAY)
        async with turnstile.turn(1):
            pass

    run_virtually(pass_all())
