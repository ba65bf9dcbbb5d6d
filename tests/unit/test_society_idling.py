"""Groups that have nothing to do: null ticks, waking up, and the end before the horizon (S6)."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import Endpoint, Request
from matrix_sim.messages import ActionKind, TickReport
from matrix_sim.society.horizon import FixedHorizon
from matrix_sim.society.simulation import Simulation, SimulationEnd
from matrix_sim.store.run_store import RunStore
from tests.support.examples import examples
from tests.support.scripted_groups import ScriptedGroups, report, simulation
from tests.support.scripted_model import ScriptedModel, act, goal, parts, route
from tests.support.small_world import (
    founded,
    play_world,
    scenario_bytes,
    small_config,
)
from tests.support.virtual_time import run_virtually

LAST_WORDS = 4
"""The tick in which everybody gives up the plan."""


def last_words(request: Request) -> str:
    """What was sent in tick 3 is noticed in tick 6 and answered in tick 7, and that was all."""
    kind, _, when = parts(request)
    if kind == "act":
        return act(effect="done" if when >= LAST_WORDS else "keep")
    if kind == "route" and when < LAST_WORDS:
        return route(_1=(["m2"], ["n1"]))
    if kind == "route" and when == LAST_WORDS + 2:
        return route(_1=(["m1", "m2"], []))
    return {"goal": goal(), "route": route()}.get(kind, "静かな町。")


def play(
    config: RunConfig, script: Callable[[Request], str], seed: int = 0
) -> tuple[RunStore, SimulationEnd, ScriptedModel]:
    model, store = ScriptedModel(script), RunStore.in_memory()

    def instead(_: Endpoint) -> Endpoint:
        return model

    return store, run_virtually(play_world(config, store, wrap=instead), seed), model


def test_a_tick_in_which_nothing_can_happen_is_committed_without_a_call() -> None:
    config = small_config(ticks=12)
    # Group 1 alone goes on; it sends nothing to anybody.
    members = founded(config, RunStore.in_memory()).groups[1].members

    def script(request: Request) -> str:
        kind, who, _ = parts(request)
        if kind == "act":
            return act(effect="keep" if who in members else "done")
        return {"goal": goal(), "route": route()}.get(kind, "静かな町。")

    store, _, model = play(config, script)
    for group in (0, 2):
        reports = store.reports(group)
        assert [r.null for r in reports] == [False] + [True] * 11
        assert all(r.quiescent for r in reports)
        called = [a for a in model.addresses if a.startswith(f"route/g{group:04d}")]
        assert called == [f"route/g{group:04d}/t0000"]
    asked_late = {who for kind, who, when in map(parts, model.asked) if kind == "act" and when}
    assert asked_late == set(members)
    assert not any(r.null for r in store.reports(1))


def test_an_envelope_wakes_a_group_that_has_gone_null() -> None:
    config = small_config(ticks=12)
    groups = founded(config, RunStore.in_memory()).groups
    sender = groups[1]
    target = sender.neighbours[0]
    loud = sender.members[0]

    def script(request: Request) -> str:
        kind, who, when = parts(request)
        if kind == "act":
            return act(effect="keep" if who == loud else "done")
        if kind == "route" and (who, when) == (1, 5):
            return route(_1=([], ["n1"]))
        if kind == "route" and (who, when) == (target, 8):
            return route(_1=(["m1"], []))
        return {"goal": goal(), "route": route()}.get(kind, "静かな町。")

    store, _, _ = play(config, script)
    reports = store.reports(target)
    assert [r.tick for r in reports if not r.null] == [0, 8, 9]
    assert [e.action.tick for e in reports[8].inbox] == [5]
    (woken,) = reports[9].steps
    assert woken.action.kind is ActionKind.REACTION
    assert woken.action.agent == groups[target].members[0]
    assert [seen.action.agent for seen in woken.observed] == [loud]


@examples(8)
@given(seed=st.integers(0, 10**6))
def test_a_run_ends_when_all_is_quiet_with_the_scenarios_of_one_that_went_on(seed: int) -> None:
    config = small_config(ticks=60)
    store, end, _ = play(config, last_words, seed)
    assert end.ticks == 9
    assert max(r.tick for group in range(3) for r in store.reports(group)) < 59
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simulation, "_look_for_silence", lambda _: None)
        long, to_the_end, _ = play(config, last_words, seed + 1)
    assert to_the_end.ticks == 60
    assert len(long.reports(0)) == 60
    assert scenario_bytes(store, config) == scenario_bytes(long, config)
    assert end.scenarios == to_the_end.scenarios == len(tuple(long.scenarios())) > 0


def test_a_run_that_ended_early_does_nothing_when_it_is_started_again() -> None:
    config = small_config(ticks=60)
    model, store = ScriptedModel(last_words), RunStore.in_memory()
    ends, ticks = [], []
    for seed in range(3):
        ends.append(run_virtually(play_world(config, store, wrap=lambda _: model), seed))
        ticks.append([len(store.reports(group)) for group in range(3)])
        calls = len(model.asked)
    assert ends[0] == ends[1] == ends[2]
    assert ticks[0] == ticks[1] == ticks[2]
    assert len(model.asked) == calls == store.usage().replies


def test_a_society_in_which_nobody_ever_acts_ends_at_once() -> None:
    store = RunStore.in_memory()
    groups = ScriptedGroups(lambda grant: report(grant, acts=0, quiescent=True))
    end = run_virtually(simulation(((1,), (0,)), groups, store, horizon=FixedHorizon(50)).run())
    assert (end.ticks, end.scenarios) == (0, 0)
    assert len(groups.grants) == 2


def test_a_run_does_not_end_while_an_envelope_is_under_way() -> None:
    def script(grant: object) -> TickReport:
        sends = (1,) if (grant.group, grant.tick) == (0, 0) else ()  # type: ignore[attr-defined]
        return report(grant, acts=len(sends), sends_to=sends, quiescent=True)  # type: ignore[arg-type]

    store, groups = RunStore.in_memory(), ScriptedGroups(script)
    end = run_virtually(simulation(((1,), (0,)), groups, store, horizon=FixedHorizon(50)).run())
    assert [(g.group, g.tick) for g in groups.grants if g.tick] == [(1, 3)]
    assert end.ticks == 3
    assert len(store.reports(1)) == 4


def test_an_end_that_cuts_a_window_short_leaves_it_without_a_scenario() -> None:
    store, groups = RunStore.in_memory(), ScriptedGroups(report)
    end = run_virtually(simulation(((1,), (0,)), groups, store, horizon=FixedHorizon(7)).run())
    assert end.ticks == 7
    assert end.scenarios == len(tuple(store.scenarios())) == 4
