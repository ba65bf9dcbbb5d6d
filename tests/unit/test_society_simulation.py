"""The simulation on its own: what it grants, commits, orders and counts, and how it ends."""

import asyncio
import random
import sys
from collections import Counter
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.errors import RunFailure
from matrix_sim.failpoints import InjectedFault
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    CondensedBlock,
    Failure,
    Goal,
    Grant,
    PlanEffect,
    Scenario,
    SummaryOrder,
    TickReport,
)
from matrix_sim.society.horizon import FixedHorizon
from matrix_sim.society.simulation import RunStopped, Simulation, SimulationEnd
from matrix_sim.society.tally import Tally
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import CommitTick, Item
from tests.support.deaths import Kills
from tests.support.examples import examples
from tests.support.scripted_groups import Graph, ScriptedGroups, report, simulation
from tests.support.virtual_time import run_virtually

PAIR: Graph = ((1,), (0,))
AHEAD: Graph = ((1, 2), (2,), (1,))
"""Nobody sends to group 0, so that nothing holds it back."""


def busy(graph: Graph) -> ScriptedGroups:
    """All groups act in every tick and send to all their neighbours."""
    return ScriptedGroups(lambda grant: report(grant, sends_to=graph[grant.group]))


@examples(25)
@given(
    kills=st.lists(st.integers(1, 25), max_size=3),
    seed=st.integers(0, 10**6),
    place=st.sampled_from(["simulation.before_commit", "simulation.after_commit"]),
)
def test_no_envelope_is_lost_or_delivered_twice_by_a_restart(
    kills: list[int], seed: int, place: str
) -> None:
    faults, store = Kills(), RunStore.in_memory()
    for number, nth in enumerate(kills):
        faults.arm(place, nth)
        groups = Uneven(AHEAD, seed + number)
        try:
            run_virtually(lead(simulation(AHEAD, groups, store, failpoints=faults)), number)
        except InjectedFault:
            continue
    run_virtually(lead(simulation(AHEAD, Uneven(AHEAD, seed), store)), seed)
    assert_inboxes_are_what_was_sent_one_window_before(store, AHEAD, ticks=9)


class Uneven(ScriptedGroups):
    """Busy groups of which some are much slower than others."""

    def __init__(self, graph: Graph, seed: int) -> None:
        super().__init__(busy(graph).script)
        draw = random.Random(seed)
        self._pace = [draw.choice([0.001, 1.0, 30.0]) for _ in graph]

    async def play(self, grant: Grant) -> TickReport:
        await asyncio.sleep(self._pace[grant.group])
        return await super().play(grant)


async def lead(engine: Simulation) -> SimulationEnd:
    return await engine.run()


def assert_inboxes_are_what_was_sent_one_window_before(
    store: RunStore, graph: Graph, ticks: int
) -> None:
    played = {(r.group, r.tick): r for group in range(len(graph)) for r in store.reports(group)}
    assert len(played) == len(graph) * ticks
    for (group, tick), got in played.items():
        sources = [s for s, targets in enumerate(graph) if group in targets]
        wanted = [(tick - 3, source) for source in sources] if tick >= 3 else []
        assert [(e.action.tick, e.source) for e in got.inbox] == wanted


class SlowDisk(InlineCommit):
    """A store that takes its time, some of it before and some after the write."""

    def __init__(self, store: RunStore) -> None:
        super().__init__(store)
        self._draw = random.Random(1)

    async def submit(self, item: Item) -> object:
        await asyncio.sleep(self._draw.uniform(0.0, 5.0))
        answer = await super().submit(item)
        await asyncio.sleep(self._draw.uniform(0.0, 5.0))
        return answer


def test_nothing_is_granted_before_all_that_it_rests_on_is_durable() -> None:
    store = RunStore.in_memory()

    def script(grant: Grant) -> TickReport:
        committed = store.progress(3, 3).committed
        assert committed[grant.group] == grant.tick - 1
        sources = [s for s, targets in enumerate(AHEAD) if grant.group in targets]
        assert all(committed[source] >= grant.tick - 3 for source in sources)
        return busy(AHEAD).script(grant)

    class SlowToTell(ScriptedGroups):
        async def summarise(self, order: SummaryOrder) -> Scenario:
            assert store.progress(3, 3).committed[order.group] >= 3 * order.window + 2
            return await super().summarise(order)

    run_virtually(lead(simulation(AHEAD, SlowToTell(script), store, channel=SlowDisk)))
    assert_inboxes_are_what_was_sent_one_window_before(store, AHEAD, ticks=9)


def test_a_group_far_ahead_of_another_has_its_old_envelopes_delivered_after_a_restart() -> None:
    store = RunStore.in_memory()
    groups = busy(AHEAD)
    for tick in range(9):
        store.apply([CommitTick(groups.script(Grant(0, tick, 0, ())))])
    run_virtually(lead(simulation(AHEAD, groups, store)))
    assert_inboxes_are_what_was_sent_one_window_before(store, AHEAD, ticks=9)


def test_what_arrived_before_a_restart_is_not_under_way_any_more() -> None:
    """Group 0's report is read again for what group 1 has not got yet; group 2 has got it."""
    store = RunStore.in_memory()

    def first_words(grant: Grant) -> TickReport:
        sends_to = (1, 2) if (grant.group, grant.tick) == (0, 0) else ()
        return report(grant, acts=2 * bool(sends_to), sends_to=sends_to, quiescent=True)

    graph: Graph = ((1, 2), (), ())
    groups = ScriptedGroups(first_words)
    envelopes = first_words(Grant(0, 0, 0, ())).envelopes
    for group, ticks in ((0, 8), (2, 6)):
        for tick in range(ticks):
            inbox = envelopes[1:] if (group, tick) == (2, 3) else ()
            store.apply([CommitTick(first_words(Grant(group, tick, 0, inbox)))])
    end = run_virtually(lead(simulation(graph, groups, store, horizon=FixedHorizon(99))))
    assert end.ticks == 3  # nothing is under way, so it is over as soon as group 1 has got its own
    assert [g.inbox for g in groups.grants if g.inbox] == [envelopes[:1]]


@pytest.mark.parametrize("busy_groups", [True, False])
def test_a_commit_costs_the_same_in_a_society_of_any_size(busy_groups: bool) -> None:
    small, large = (lines_per_commit(count, busy_groups) for count in (20, 320))
    assert large <= small * 1.1


def lines_per_commit(count: int, busy_groups: bool) -> float:
    """Lines of the society's code run for a commit, in a ring of so many groups."""
    graph: Graph = tuple(((g + 1) % count, (g + 2) % count) for g in range(count))
    script = busy(graph).script if busy_groups else lambda grant: report(grant, acts=0)
    lines = 0

    def in_frame(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return in_frame

    def in_society(frame: FrameType, event: str, argument: object) -> Any:
        there = "/matrix_sim/society/" in frame.f_code.co_filename
        # What looks at everybody once a stage is no commit's affair.
        return in_frame if there and frame.f_code.co_name not in ("run", "_enter") else None

    async def play(ticks: int) -> int:
        nonlocal lines
        engine = simulation(
            graph, ScriptedGroups(script), RunStore.in_memory(), horizon=FixedHorizon(ticks)
        )
        lines = 0
        sys.settrace(in_society)
        try:
            await engine.run()
        finally:
            sys.settrace(None)
        return lines

    before = sys.gettrace()
    try:
        short, long = asyncio.run(play(3)), asyncio.run(play(6))
    finally:
        sys.settrace(before)
    return (long - short) / (3 * count)


def test_a_tick_that_loses_its_process_is_asked_for_again() -> None:
    groups = FailsAt(Hindrance.ACTOR_LOST, (1, 4), times=2)
    engine = simulation(PAIR, groups, store := RunStore.in_memory(), tick_attempts=3)
    run_virtually(lead(engine))
    assert len(store.reports(1)) == 9
    assert Counter((g.group, g.tick) for g in groups.grants)[1, 4] == 1
    assert engine.tally.actors_lost == 2


class FailsAt(ScriptedGroups):
    """Busy groups, one tick of which fails for a time."""

    def __init__(self, hindrance: Hindrance, where: tuple[int, int], times: int) -> None:
        super().__init__(busy(PAIR).script)
        self._hindrance, self._where, self._left = hindrance, where, times

    async def play(self, grant: Grant) -> TickReport:
        await asyncio.sleep(1.0)
        if (grant.group, grant.tick) == self._where and self._left:
            self._left -= 1
            raise EnvironmentalFailure(self._hindrance, "not now", address="act/x")
        return await super().play(grant)


def test_a_tick_that_kills_every_process_ends_the_run_with_its_address() -> None:
    groups = FailsAt(Hindrance.ACTOR_LOST, (1, 4), times=99)
    store = RunStore.in_memory()
    with pytest.raises(RunFailure, match=r"g0001/t0004 lost 3 processes in a row"):
        run_virtually(lead(simulation(PAIR, groups, store, tick_attempts=3)))
    assert len(store.reports(1)) == 4
    run_virtually(lead(simulation(PAIR, busy(PAIR), store)))
    assert_inboxes_are_what_was_sent_one_window_before(store, PAIR, ticks=9)


def test_a_failure_of_the_moment_ends_the_run_once_what_is_under_way_is_home() -> None:
    groups = FailsAt(Hindrance.SERVER, (1, 4), times=1)
    store = RunStore.in_memory()
    with pytest.raises(EnvironmentalFailure, match="act/x"):
        run_virtually(lead(simulation(PAIR, groups, store)))
    assert len(store.reports(1)) == 4
    granted = {(grant.group, grant.tick) for grant in groups.grants}
    assert granted == {(r.group, r.tick) for g in (0, 1) for r in store.reports(g)}


def test_a_run_that_is_stopped_grants_nothing_more_and_starts_no_summary() -> None:
    groups = FailsAt(Hindrance.SERVER, (9, 9), times=0)
    store = RunStore.in_memory()

    async def play() -> None:
        engine = simulation(PAIR, groups, store)
        asyncio.get_running_loop().call_later(2.5, engine.stop)
        with pytest.raises(RunStopped):
            await engine.run()
        assert engine.committed_ticks == 6

    run_virtually(play())
    assert [len(store.reports(group)) for group in (0, 1)] == [3, 3]
    assert groups.orders == []
    run_virtually(lead(simulation(PAIR, groups, store)))
    assert len(groups.orders) == len(set(groups.orders)) == 6


def test_a_summary_is_off_the_critical_path() -> None:
    store, finished = RunStore.in_memory(), []

    class SlowToTell(ScriptedGroups):
        async def summarise(self, order: SummaryOrder) -> Scenario:
            await asyncio.sleep(1000.0)
            finished.append(store.progress(2, 3).committed)
            return await super().summarise(order)

    end = run_virtually(lead(simulation(PAIR, SlowToTell(busy(PAIR).script), store)))
    assert finished == [(8, 8)] * 6
    assert end.scenarios == len(tuple(store.scenarios())) == 6


def test_a_failed_goal_action_routing_and_condensing_are_tallied_each() -> None:
    goal = Goal(0, "", "", (), failure=Failure.REFUSED)
    block = CondensedBlock(0, 3, "・", failure=Failure.EMPTY)
    idle = AgentStep(
        Action(0, 0, 4, ActionKind.IDLE, ""),
        ActionKind.PLAN,
        (),
        PlanEffect.KEEP,
        None,
        has_next=True,
        goal=goal,
        condensed=(block, block),
        failure=Failure.MALFORMED,
    )
    tally = Tally()
    tally.count(replace(report(Grant(0, 0, 0, ())), steps=(idle,), routing_failure=Failure.EMPTY))
    assert tally.failures == {"refused": 1, "empty": 3, "malformed": 1}
    assert (tally.idle, tally.actions) == (1, 0)


def test_what_is_committed_is_tallied_with_every_failure_of_a_reply() -> None:
    class Failing(ScriptedGroups):
        async def summarise(self, order: SummaryOrder) -> Scenario:
            return Scenario(order.window, order.group, (), "", failure=Failure.REFUSED)

    store = RunStore.in_memory()
    engine = simulation(PAIR, Failing(busy(PAIR).script), store)
    run_virtually(lead(engine))
    tally = engine.tally
    assert (tally.ticks, tally.null_ticks, tally.actions, tally.plan_steps) == (18, 0, 36, 36)
    assert (tally.envelopes, tally.scenarios) == (18, 6)
    assert tally.failures == {"refused": 6}
    assert engine.committed_ticks == 18
    again = simulation(PAIR, Failing(busy(PAIR).script), store)
    assert (again.tally.scenarios, again.committed_ticks) == (6, 18)
