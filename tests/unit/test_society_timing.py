"""What happens in a society never depends on who was faster (S4)."""

import asyncio
from collections.abc import Iterator
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.messages import ActionKind, Grant, TickReport
from matrix_sim.store.run_store import RunStore
from tests.support.deaths import Restarts
from tests.support.examples import examples
from tests.support.small_world import World, everything, finished, small_config
from tests.support.virtual_time import run_virtually

GROUPS = 3


@cache
def reference(**society: int) -> tuple[RunStore, tuple[object, ...]]:
    config = small_config(stub={}, attempts=1, **society)
    store, _ = finished(config)
    return store, everything(store, config)


def reports(store: RunStore) -> Iterator[TickReport]:
    return (report for group in range(GROUPS) for report in store.reports(group))


@examples(15)
@given(
    latency=st.sampled_from(["fixed:0", "fixed:0.5", "lognormal:0.2:1.0", "lognormal:2:2"]),
    slots=st.integers(1, 64),
    seed=st.integers(0, 10**6),
)
def test_neither_latency_nor_scheduling_changes_anything(
    latency: str, slots: int, seed: int
) -> None:
    config = small_config(stub={"latency": latency, "slots": slots})
    store, _ = finished(config, seed)
    assert everything(store, config) == reference()[1]


@examples(10)
@given(seed=st.integers(0, 10**6), chance=st.sampled_from([0.01, 0.05, 0.2]))
def test_groups_that_die_and_are_rebuilt_at_any_moment_go_on_the_same(
    seed: int, chance: float
) -> None:
    config = small_config(stub={"latency": "lognormal:0.2:1.0"})
    restarts, store = Restarts(seed, chance, GROUPS), RunStore.in_memory()

    async def play() -> None:
        world = World(config, store, failpoints=restarts)
        restarts.groups = world.groups
        await world.play()

    run_virtually(play(), seed)
    assert restarts.count > 0
    assert everything(store, config) == reference()[1]
    assert store.usage().lost == 0  # what was asked for goes on without the one who asked


def test_observations_come_by_tick_group_agent_and_sequence() -> None:
    store, _ = reference(ticks=12)
    orders = [
        [seen.action.order for seen in step.observed]
        for report in reports(store)
        for step in report.steps
    ]
    assert max(len(order) for order in orders) > 1
    assert all(order == sorted(order) for order in orders)
    mixed = [{group for _, group, _, _ in order} for order in orders]
    assert any(len(groups) > 1 for groups in mixed), "no agent saw two groups at once"


def test_an_agent_observes_what_the_routing_of_the_tick_before_gave_it() -> None:
    store, _ = reference(ticks=12)
    for group in range(GROUPS):
        given_before: dict[int, object] = {}
        for report in store.reports(group):
            observed = {s.action.agent: s.observed for s in report.steps if s.observed}
            assert observed == given_before
            given_before = {d.agent: d.observations for d in report.deliveries}


def test_an_agent_acts_if_it_observes_something_or_has_a_next_step_and_only_then() -> None:
    store, _ = reference(ticks=30)
    idle = 0
    for group in range(GROUPS):
        has_next: dict[int, bool] = {}
        delivered: frozenset[int] = frozenset()
        for report in store.reports(group):
            acted = {s.action.agent for s in report.steps if s.mode is not ActionKind.IDLE}
            if report.tick:
                assert acted == delivered | {agent for agent, more in has_next.items() if more}
                idle += len(has_next) - len(acted)
            has_next |= {step.action.agent: step.has_next for step in report.steps}
            delivered = frozenset(delivery.agent for delivery in report.deliveries)
    assert idle > 0, "everybody was busy all the time"


def test_whoever_idles_for_want_of_a_step_costs_no_call() -> None:
    store, _ = reference(ticks=30)
    asked = sum(s.mode is not ActionKind.IDLE for r in reports(store) for s in r.steps)
    repeated = "SELECT count(*) FROM calls WHERE address LIKE 'act/%' AND attempt = 1"
    assert store._connection.execute(repeated).fetchone() == (asked,)


def test_after_so_many_reactions_in_a_row_the_plan_has_its_turn() -> None:
    patience = 1
    store, _ = reference(ticks=30, max_reactions=patience)
    in_a_row: dict[int, int] = {}
    has_next: dict[int, bool] = {}
    interrupted = 0
    for report in reports(store):
        for step in report.steps:
            agent = step.action.agent
            if step.mode is ActionKind.REACTION:
                in_a_row[agent] = in_a_row.get(agent, 0) + 1
                assert in_a_row[agent] <= patience or not has_next[agent]
            elif step.mode is ActionKind.PLAN:
                # It would have reacted again, and takes the step with its eyes open.
                interrupted += bool(step.observed)
                assert not step.observed or in_a_row.get(agent, 0) >= patience
                in_a_row[agent] = 0
            has_next[agent] = step.has_next
    assert interrupted > 0


def test_what_is_sent_is_in_the_inbox_one_window_later_and_in_no_other() -> None:
    for window in (1, 3):
        store, _ = reference(ticks=12, scenario_window=window)
        sent = {
            (e.target, r.tick + window, e.action.order): e
            for r in reports(store)
            for e in r.envelopes
            if r.tick + window < 12
        }
        received = {(r.group, r.tick, e.action.order): e for r in reports(store) for e in r.inbox}
        assert received == sent
        assert sent


def test_one_routing_call_a_tick_whatever_the_size_of_the_group() -> None:
    store, _ = reference(ticks=12)
    wanted = {
        f"route/g{report.group:04d}/t{report.tick:04d}"
        for report in reports(store)
        if report.actions or report.inbox
    }
    found = store._connection.execute(
        "SELECT address, count(*) FROM calls WHERE address LIKE 'route/%' GROUP BY address"
    ).fetchall()
    assert dict(found) == dict.fromkeys(wanted, 1)
    assert max(len(report.steps) for report in reports(store)) > 2


def test_a_group_runs_ahead_of_one_that_is_slow_by_a_window_and_no_more() -> None:
    config, store = small_config(neighbours=2, weak_ties=0), RunStore.in_memory()

    async def play() -> None:
        world = World(config, store)
        assert [len(group.neighbours) for group in world.society.groups] == [2, 2, 2]
        ask, answered = world.groups.play, asyncio.Event()

        async def ask_all_but_one(grant: Grant) -> TickReport:
            if grant.group == 0:
                await answered.wait()
            return await ask(grant)

        world.groups.play = ask_all_but_one  # type: ignore[method-assign]
        run = asyncio.create_task(world.play())
        await asyncio.sleep(1000.0)  # virtual: until nothing else happens
        assert store.progress(GROUPS, 3).committed == (-1, 2, 2)
        answered.set()
        await run

    run_virtually(play())
    assert everything(store, config) == everything(finished(config)[0], config)
