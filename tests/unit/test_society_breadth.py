"""Every policy of routing and communication keeps what a society promises."""

from __future__ import annotations

from functools import cache

import pytest

from matrix_sim.config import ModelsConfig, RunConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.messages import ActionKind
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run
from tests.support.deaths import ManyLives, Restarts
from tests.support.small_world import World, everything, finished, small_config
from tests.support.virtual_time import run_virtually

COMMUNICATION = ("homophily", "random", "none")
ROUTING = ("llm", "embedding", "hybrid", "broadcast")
LONG_MEMORY = {"tokens": 400, "block_tokens": 200, "recall": 3}
"""Small enough that things are condensed, and so recalled, within the run."""


def config(communication: str, routing: str, stub: dict[str, object]) -> RunConfig:
    """`embedding-model` and `hybrid-model` take their vectors from a model, and not from words."""
    policy, _, model = routing.partition("-")
    made = small_config(
        stub=stub, ticks=9, communication=communication, routing=policy, memory=LONG_MEMORY
    )
    if not model:
        return made
    embedding = {"stub": {}, "retry": {"attempts": 50}}
    models = ModelsConfig.model_validate(made.models.model_dump() | {"embedding": embedding})
    return made.model_copy(update={"models": models})


@cache
def calm(communication: str, routing: str) -> tuple[RunStore, tuple[object, ...], RunSummary]:
    society = config(communication, routing, {})
    store, _ = finished(society)
    return store, everything(store, society), summarise_run(store)


def figures(communication: str, routing: str) -> RunSummary:
    return calm(communication, routing)[2]


@pytest.mark.parametrize("communication", COMMUNICATION)
@pytest.mark.parametrize("routing", [*ROUTING, "embedding-model", "hybrid-model"])
def test_timing_faults_kills_and_restarts_change_no_byte(communication: str, routing: str) -> None:
    weather = {"rate_limited": 0.1, "server": 0.1}
    rough = config(communication, routing, {"latency": "lognormal:0.3:1.5", "faults": weather})
    lives = ManyLives(rough).live_through([("journal.after_record", 40), ("tick.after_commit", 5)])
    groups = len(lives.store.events("group"))
    restarts, store = Restarts(seed=1, chance=0.05, groups=groups), RunStore.in_memory()

    async def restarting() -> None:
        world = World(rough, store, failpoints=restarts)
        restarts.groups = world.groups
        await world.play()

    run_virtually(restarting(), seed=9)
    assert (lives.deaths, restarts.count > 0) == (2, True)
    assert everything(lives.store, rough) == calm(communication, routing)[1]
    assert everything(store, rough) == calm(communication, routing)[1]


def test_a_model_is_asked_for_routes_only_by_the_policies_that_need_it() -> None:
    asked = {routing: figures("homophily", routing).routing_calls for routing in ROUTING}
    assert asked["llm"] == 27, "one a group and tick"
    assert 0 < asked["hybrid"] <= 27
    assert asked["embedding"] == asked["broadcast"] == 0


def test_the_calls_that_a_summary_says_were_for_routing_are_in_the_journal() -> None:
    store, _, summary = calm("homophily", "hybrid")
    rows = store._connection.execute("SELECT count(*) FROM calls WHERE address LIKE 'route/%'")
    assert rows.fetchone() == (summary.routing_calls,)


def test_a_question_for_routes_that_is_repeated_is_another_call() -> None:
    config = small_config(stub={"faults": {"malformed": 0.3}})
    store, _ = finished(config)
    rows = store._connection.execute("SELECT count(*) FROM calls WHERE address LIKE 'route/%'")
    (asked,) = rows.fetchone()
    assert summarise_run(store).routing_calls == asked > 18, "more than one a group and tick"


def test_an_embedding_model_is_asked_once_a_group_and_tick_and_its_vectors_are_journaled() -> None:
    store, _, summary = calm("homophily", "embedding-model")
    roles = {usage.role: usage for usage in store.usage().roles}
    assert roles[Role.EMBEDDING].replies == 27
    assert roles[Role.EMBEDDING].uncached_tokens == 0
    assert (summary.routing_calls, summary.observations > 0) == (0, True)


def test_everybody_hears_most_where_all_is_broadcast() -> None:
    heard = {routing: figures("homophily", routing).observations for routing in ROUTING}
    assert heard["broadcast"] == max(heard.values())
    assert min(heard.values()) > 0


def test_hybrid_counts_what_it_spared_and_how_often_the_two_agree() -> None:
    sparing = figures("homophily", "hybrid").sparing
    assert sparing is not None
    assert sparing.decisions >= sparing.spared >= sparing.compared >= sparing.agreed > 0
    assert sparing.spared < sparing.decisions, "the model was needed somewhere"
    assert {figures("homophily", r).sparing for r in ROUTING if r != "hybrid"} == {None}


@pytest.mark.parametrize("routing", ROUTING)
def test_without_communication_everybody_follows_a_plan_alone(routing: str) -> None:
    summary = figures("none", routing)
    assert (summary.groups, summary.reactions, summary.observations) == (summary.agents, 0, 0)
    assert (summary.envelopes, summary.routing_calls, summary.talk_likeness) == (0, 0, None)
    assert summary.actions == summary.plan_steps > 0
    assert summary.scenarios > 0


@pytest.mark.parametrize("routing", ROUTING)
def test_those_who_talk_are_more_alike_by_homophily_than_by_lot(routing: str) -> None:
    homophily, by_lot = figures("homophily", routing), figures("random", routing)
    assert homophily.talk_likeness is not None and by_lot.talk_likeness is not None
    assert homophily.strangers_likeness == by_lot.strangers_likeness
    assert homophily.talk_likeness > by_lot.talk_likeness + 0.03


def test_a_summary_says_how_plans_fare_and_what_share_of_actions_is_what() -> None:
    store, _, summary = calm("homophily", "llm")
    steps = [s for group in range(3) for report in store.reports(group) for s in report.steps]
    by_kind = {kind: sum(s.action.kind is kind for s in steps) for kind in ActionKind}
    assert summary.reaction_share == by_kind[ActionKind.REACTION] / summary.actions
    assert summary.plan_share == by_kind[ActionKind.PLAN] / summary.actions
    assert summary.reaction_share + summary.plan_share == pytest.approx(1)
    effects = [step.effect.value for step in steps]
    assert (summary.steps_done, summary.steps_revised) == (
        effects.count("advance"),
        effects.count("revise"),
    )
    assert summary.steps_done > summary.steps_revised > 0
    over = {s.action.agent for s in steps if s.plan_done}
    assert summary.plans_done == len(over) > 0


def test_envelopes_count_as_taken_up_where_somebody_becomes_aware_of_them() -> None:
    store, _, summary = calm("homophily", "broadcast")
    heard = {
        (group, seen.action)
        for group in range(3)
        for report in store.reports(group)
        for delivery in report.deliveries
        for seen in delivery.observations
        if seen.action.group != group
    }
    assert summary.envelopes_taken_up == len(heard) > 0
    assert summary.envelopes_taken_up <= summary.delivered_envelopes
