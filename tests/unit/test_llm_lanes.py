"""Which of several endpoints a request takes: its family's own, unless that is busy or down."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import RetryConfig
from matrix_sim.llm.contracts import (
    Address,
    Endpoint,
    EnvironmentalFailure,
    Gate,
    Hindrance,
    Message,
    Reply,
    Request,
    Role,
)
from matrix_sim.llm.lanes import Lane, choose_lane
from matrix_sim.llm.open_gate import OpenGate
from matrix_sim.llm.retrying import Retrying
from tests.support.books import Books
from tests.support.examples import examples
from tests.support.scripted_model import ScriptedModel, reply


@dataclass
class FixedGate:
    load: int = 0
    open: bool = True


def lanes(*gates: FixedGate) -> list[Lane]:
    nobody = cast(Endpoint, None)
    return [Lane(f"http://r{n}/v1", nobody, cast(Gate, gate)) for n, gate in enumerate(gates)]


def request(agent: int, tick: int = 0) -> Request:
    address = Address(f"act/a{agent:05d}/t{tick:04d}")
    return Request(address, Role.AGENT, (Message("user", "問い"),), 64)


def chosen(among: list[Lane], agent: int = 0, failed: Lane | None = None) -> int:
    return among.index(choose_lane(among, request(agent), failed))


def idle(count: int) -> list[Lane]:
    return lanes(*(FixedGate() for _ in range(count)))


def test_an_agent_keeps_its_lane() -> None:
    among = idle(3)
    ticks = {choose_lane(among, request(7, tick)).name for tick in range(50)}
    assert len(ticks) == 1


def test_agents_are_spread_over_the_lanes() -> None:
    counts = Counter(chosen(idle(3), agent) for agent in range(600))
    assert all(150 < counts[n] < 250 for n in range(3))


def test_without_a_lane_only_its_own_families_move_and_they_spread() -> None:
    whole, rest = idle(3), idle(3)[:2]
    before = [chosen(whole, agent) for agent in range(300)]
    after = [chosen(rest, agent) for agent in range(300)]
    assert all(old == new for old, new in zip(before, after, strict=True) if old < 2)
    moved = Counter(new for old, new in zip(before, after, strict=True) if old == 2)
    assert min(moved[0], moved[1]) > 30


@pytest.mark.parametrize(("load", "leaves"), [(8, False), (10, False), (11, True)])
def test_a_family_leaves_a_lane_that_is_much_busier(load: int, leaves: bool) -> None:
    own = chosen(idle(2))
    gates = [FixedGate(3), FixedGate(3)]
    gates[own].load = load
    assert (chosen(lanes(*gates)) != own) is leaves


def test_of_the_idlest_lanes_each_family_takes_one_of_its_own() -> None:
    gates = [FixedGate(90), FixedGate(0), FixedGate(0)]
    moved = {chosen(lanes(*gates), agent) for agent in range(50)}
    assert moved == {1, 2}


def test_a_lane_that_is_down_is_taken_only_where_none_is_up() -> None:
    own = chosen(idle(2))
    gates = [FixedGate(), FixedGate(50)] if own == 0 else [FixedGate(50), FixedGate()]
    gates[own].open = False
    assert chosen(lanes(*gates)) != own
    gates[1 - own].open = False
    gates[1 - own].load = 0
    assert chosen(lanes(*gates)) == own


def test_the_next_sending_takes_another_lane_than_the_one_it_failed_on() -> None:
    among = idle(3)
    first = choose_lane(among, request(0))
    assert choose_lane(among, request(0), first) is not first
    assert choose_lane(among[:1], request(0), among[0]) is among[0]


def test_a_lane_that_failed_is_better_than_one_that_is_down() -> None:
    among = lanes(FixedGate(), FixedGate(open=False))
    assert choose_lane(among, request(0), among[0]) is among[0]


@examples(200)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=5),
    st.integers(0, 99),
    st.integers(-1, 4),
)
def test_the_same_loads_give_the_same_lane_and_it_is_a_sensible_one(
    states: list[tuple[int, bool]], agent: int, failed: int
) -> None:
    among = lanes(*(FixedGate(load, up) for load, up in states))
    last = among[failed] if 0 <= failed < len(among) else None
    lane = choose_lane(among, request(agent), last)
    assert lane is choose_lane(among, request(agent), last)
    assert lane.gate.open or not any(up for _, up in states)
    others = [other for other in among if other is not last and other.gate.open]
    if others:
        assert lane is not last
        assert lane.gate.load <= 2 * min(other.gate.load for other in others) + 4


def test_a_replica_that_dies_loses_no_call_and_gets_its_families_back() -> None:
    dead: set[str] = set()
    served: list[str] = []

    def lane(name: str) -> Lane:
        def answer(_: Request) -> Reply | Exception:
            if name in dead:
                return EnvironmentalFailure(Hindrance.CONNECTION, "refused")
            served.append(name)
            return reply("はい。")

        return Lane(name, ScriptedModel(answer), OpenGate())

    async def no_wait(_: float) -> None: ...

    backend = Retrying(
        [lane("one"), lane("two")], RetryConfig(), sleep=no_wait, random=random.Random(1)
    )

    def everybody() -> list[str]:
        async def asking() -> None:
            for agent in range(20):
                await backend.answer(request(agent), Books())

        served.clear()
        asyncio.run(asking())
        return list(served)

    before = everybody()
    dead.add("two")
    without = everybody()
    dead.clear()
    assert set(before) == {"one", "two"}
    assert without == ["one"] * 20
    assert everybody() == before
