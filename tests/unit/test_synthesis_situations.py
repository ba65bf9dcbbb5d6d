"""What somebody went through in a scenario, read from a store that takes its time."""

from __future__ import annotations

import asyncio

from matrix_sim.messages import TickReport
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.contracts import Draw, Situation
from matrix_sim.synthesis.situations import Situations
from tests.support.small_world import PROMPTS, finished, founded, small_config


def situations(store: RunStore) -> tuple[Situations, list[int]]:
    """Of a finished run, and the groups whose history was read."""
    read: list[int] = []

    async def reports(group: int) -> tuple[TickReport, ...]:
        read.append(group)
        await asyncio.sleep(0)
        return tuple(store.reports(group))

    async def goals(agent: int) -> None:
        raise AssertionError("everybody has one")

    society, scenarios = founded(small_config(), store), tuple(store.scenarios())
    return Situations(society, scenarios, PROMPTS, reports, goals), read


def test_however_many_ask_at_once_a_history_is_read_once_and_nobody_did_anything_twice() -> None:
    store, _ = finished(small_config())
    scenario = next(store.scenarios())
    draw = Draw(0, scenario.window, scenario.group, scenario.actions[0].agent, {})

    async def asked(times: int) -> list[Situation]:
        told, read = situations(store)
        found = await asyncio.gather(*(told.of(draw) for _ in range(times)))
        assert read == [scenario.group]
        return list(found)

    (alone,) = asyncio.run(asked(1))
    own = [action.text for action in scenario.actions if action.agent == draw.agent]
    assert list(alone.did) == own
    assert asyncio.run(asked(3)) == [alone] * 3
