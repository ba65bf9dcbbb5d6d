"""Windows become scenarios, and a quota of them sets the horizon (S7)."""

import json
import math
from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import RunConfig
from matrix_sim.failpoints import InjectedFault
from matrix_sim.llm.contracts import Request
from matrix_sim.messages import Grant, TickReport
from matrix_sim.society.horizon import FixedHorizon, QuotaHorizon, Stage
from matrix_sim.store.run_store import RunStore
from tests.support.deaths import Kills
from tests.support.examples import examples
from tests.support.scripted_groups import Graph, ScriptedGroups, report, simulation
from tests.support.scripted_model import ScriptedModel, act, goal, parts, route
from tests.support.small_world import (
    World,
    everything,
    finished,
    founded,
    play_world,
    scenario_bytes,
    small_config,
)
from tests.support.virtual_time import run_virtually

GROUPS = 3
PAIR: Graph = ((1,), (0,))


def quota_config(scenarios: int, **society: Any) -> RunConfig:
    return small_config(ticks=None, scenarios=scenarios, **society)


@pytest.mark.parametrize(("scenarios", "ticks"), [(1, 3), (3, 3), (4, 6), (7, 9)])
def test_a_quota_takes_as_many_windows_as_all_groups_need_together(
    scenarios: int, ticks: int
) -> None:
    config = quota_config(scenarios)
    store, end = finished(config)
    assert (end.ticks, end.rounds, end.quota_met) == (ticks, 0, True)
    assert [len(store.reports(group)) for group in range(GROUPS)] == [ticks] * GROUPS
    assert scenario_bytes(store, config).count(b"\n") == scenarios


@examples(100)
@given(
    scenarios=st.integers(1, 60),
    groups=st.integers(1, 7),
    cap=st.integers(1, 12),
    actions=st.dictionaries(
        st.tuples(st.integers(0, 11), st.integers(0, 6)), st.integers(1, 4), max_size=40
    ),
)
def test_a_horizon_is_extended_by_what_is_missing_until_there_is_enough_or_the_cap(
    scenarios: int, groups: int, cap: int, actions: dict[tuple[int, int], int]
) -> None:
    horizon = QuotaHorizon(scenarios, groups, window=3, min_actions=2, max_windows=cap)
    stage = horizon.first()
    assert stage == Stage(0, 3 * min(math.ceil(scenarios / groups), cap))
    while (following := horizon.next(stage, actions)) is not None:
        windows = stage.end // 3
        there = sum(n >= 2 and window < windows for (window, _), n in actions.items())
        more = math.ceil((scenarios - there) / groups)
        assert following == Stage(stage.round + 1, 3 * min(windows + more, cap), stage.end)
        assert following.end > stage.end
        stage = following
    there = sum(n >= 2 and window < stage.end // 3 for (window, _), n in actions.items())
    begun = stage.begin // 3 if stage.round else 0
    in_vain = not any(window >= begun for window, _ in actions)
    assert there >= scenarios or stage.end == 3 * cap or in_vain


def test_a_model_that_refuses_every_goal_is_asked_once_a_person_and_then_no_more() -> None:
    config = quota_config(5, stub={"faults": {"refused": 1.0}})
    store, end = finished(config)
    assert (end.scenarios, end.quota_met) == (0, False)
    assert store.usage().replies == 9


def test_goals_that_bring_no_action_are_not_followed_by_more_goals() -> None:
    def acts_once(request: Request) -> str:
        new_goal = request.address.endswith("/r1")
        return "これは JSON ではない。" if new_goal else one_burst_a_round(request)

    config, store, model = quota_config(50), RunStore.in_memory(), ScriptedModel(acts_once)
    end = run_virtually(play_world(config, store, wrap=lambda _: model))
    assert (end.rounds, end.scenarios, end.quota_met) == (1, 3, False)
    assert not any("/r2" in address for address in model.addresses)


def one_burst_a_round(request: Request) -> str:
    """Everybody acts once, with that the plan is done, and nobody notices anything."""
    answers = {"goal": goal(), "route": route(), "act": act(effect="done")}
    return answers.get(parts(request)[0], "静かな町。")


def test_idle_windows_are_made_up_for_by_a_round_with_new_goals() -> None:
    config, store, model = quota_config(5), RunStore.in_memory(), ScriptedModel(one_burst_a_round)
    end = run_virtually(play_world(config, store, wrap=lambda _: model))
    assert (end.ticks, end.rounds, end.scenarios, end.quota_met) == (9, 1, 6, True)
    goals = Counter(a for a in model.addresses if a.startswith("goal/"))
    assert set(goals.values()) == {1}
    assert sorted(goals) == sorted(
        f"goal/a{agent:05d}{suffix}" for agent in range(9) for suffix in ("", "/r1")
    )
    for group in range(GROUPS):
        rounds = [r.round for r in store.reports(group)]
        assert rounds == [0] * 6 + [1] * 3
        assert [r.null for r in store.reports(group)] == [False, *[True] * 5, False, True, True]


def test_only_agents_whose_plan_is_done_get_a_new_goal() -> None:
    config, store = quota_config(5), RunStore.in_memory()
    groups = founded(config, store).groups
    # Group 0 acts in the last ticks before the extension and has steps left; the others are done.
    steady = groups[0].members

    def script(request: Request) -> str:
        if request.address.startswith("act/") and parts(request)[1] in steady:
            return act()
        return one_burst_a_round(request)

    model = ScriptedModel(script)
    end = run_virtually(play_world(config, store, wrap=lambda _: model))
    assert end.rounds == 1
    again = {int(a[6:11]) for a in model.addresses if a.endswith("/r1")}
    assert again == {agent for group in groups[1:] for agent in group.members}


def test_a_quota_that_is_not_met_says_so_at_the_cap() -> None:
    config = quota_config(30, max_windows=4)

    def mute(request: Request) -> str:
        return act("") if request.address.startswith("act/") else one_burst_a_round(request)

    store = RunStore.in_memory()
    end = run_virtually(play_world(config, store, wrap=lambda _: ScriptedModel(mute)))
    assert (end.ticks, end.scenarios, end.quota_met) == (12, 0, False)


@examples(6)
@given(seed=st.integers(0, 10**6))
def test_a_society_that_falls_silent_before_the_cap_ends_without_another_round(seed: int) -> None:
    config = quota_config(30, max_windows=6)
    store, model = RunStore.in_memory(), ScriptedModel(one_burst_a_round)
    end = run_virtually(play_world(config, store, wrap=lambda _: model), seed)
    assert (end.ticks, end.rounds, end.scenarios, end.quota_met) == (3, 0, 3, False)
    assert not [a for a in model.addresses if a.endswith("/r1")]


def test_scenarios_are_counted_and_cut_by_window_and_group() -> None:
    config = quota_config(4)
    store, _ = finished(quota_config(4))
    rows = [json.loads(line) for line in scenario_bytes(store, config).splitlines()]
    assert [(row["window"], row["group"]) for row in rows] == [
        (0, "g0000"),
        (0, "g0001"),
        (0, "g0002"),
        (1, "g0000"),
    ]
    assert len(tuple(store.scenarios())) == 6


def test_a_window_is_a_scenario_if_and_only_if_it_holds_enough_actions() -> None:
    config = small_config(ticks=30, min_actions=7)
    store, end = finished(config)
    windows: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
    for group in range(GROUPS):
        for played in store.reports(group):
            told = [(a.tick, a.agent, a.text) for a in played.actions]
            windows.setdefault((played.tick // 3, group), []).extend(told)
    enough = {place: actions for place, actions in windows.items() if len(actions) >= 7}
    assert len(windows) > len(enough) > 0
    scenarios = {(s.window, s.group): s for s in store.scenarios()}
    assert end.scenarios == len(scenarios)
    assert enough == {
        place: [(a.tick, a.agent, a.text) for a in scenario.actions]
        for place, scenario in scenarios.items()
    }


@pytest.mark.parametrize(("acts", "scenarios"), [(0, 0), (1, 0), (2, 2)])
def test_a_window_needs_its_actions_in_all_of_its_ticks_together(acts: int, scenarios: int) -> None:
    def script(grant: Grant) -> TickReport:
        return report(grant, acts=int(grant.tick < acts))

    store, groups = RunStore.in_memory(), ScriptedGroups(script)
    end = run_virtually(simulation(PAIR, groups, store, horizon=FixedHorizon(3)).run())
    assert end.scenarios == len(groups.orders) == scenarios


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"ticks": 6}, {"ticks": 9}),
        ({"ticks": 7}, {"ticks": 9}),
        ({"ticks": None, "scenarios": 6}, {"ticks": None, "scenarios": 12}),
        ({"ticks": None, "scenarios": 6}, {"ticks": None, "scenarios": 7}),
        ({"ticks": None, "scenarios": 6}, {"ticks": 9}),
    ],
)
def test_a_finished_run_that_is_grown_is_the_longer_run(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    store, _ = finished(small_config(**before))
    first = set(scenario_bytes(store, small_config(**before)).splitlines())
    config = small_config(**after)
    run_virtually(play_world(config, store), 5)
    assert everything(store, config) == everything(finished(config)[0], config)
    assert first < set(scenario_bytes(store, config).splitlines())


@cache
def grown_undisturbed() -> tuple[object, ...]:
    store, model = RunStore.in_memory(), ScriptedModel(one_burst_a_round)
    for seed, config in enumerate((quota_config(6), quota_config(10))):
        run_virtually(play_world(config, store, wrap=lambda _: model), seed)
    return everything(store, quota_config(10))


@examples(12)
@given(kill=st.integers(1, 28), seed=st.integers(0, 10**6))
def test_a_grown_run_counts_its_rounds_on_and_survives_a_kill_between_two(
    kill: int, seed: int
) -> None:
    small, large = quota_config(6), quota_config(10)
    kills, store = Kills(), RunStore.in_memory()
    model = ScriptedModel(one_burst_a_round)
    end = run_virtually(play_world(small, store, wrap=lambda _: model), seed)
    assert (end.ticks, end.rounds, end.scenarios) == (9, 1, 6)
    kills.arm("simulation.before_commit", kill)
    with pytest.raises(InjectedFault):
        run_virtually(play_world(large, store, wrap=lambda _: model, failpoints=kills), seed + 2)
    end = run_virtually(play_world(large, store, wrap=lambda _: model), seed + 3)
    assert (end.rounds, end.quota_met) == (3, True)
    assert everything(store, large) == grown_undisturbed()


def test_a_finished_run_says_again_how_it_ended() -> None:
    for config in (quota_config(7), small_config(ticks=7), quota_config(30, max_windows=2)):
        store, end = finished(config)

        async def again(config: RunConfig = config, store: RunStore = store) -> object:
            world = World(config, store)
            return await world.play()

        assert run_virtually(again()) == end
