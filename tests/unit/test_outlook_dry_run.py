"""The dry run: it asks what a run asks, and of a large society a part that is like the whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.messages import (
    Action,
    ActionKind,
    Envelope,
    Grant,
    Scenario,
    SummaryOrder,
    TickReport,
    null_report,
)
from matrix_sim.outlook.dry_run import DryRun, dry_run
from matrix_sim.outlook.sample import Sample, SampledGroups, sample_of
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.store.run_store import RunStore
from tests.support.small_world import finished, founded, small_config


def played(config: RunConfig, **settings: Any) -> DryRun:
    people = load_personas(config.personas, config.seed, Path(), config.language).personas
    clock = settings.pop("clock", lambda: 0.0)
    return dry_run(config, people, PromptLibrary(config.language), clock=clock, **settings)


def by_role(run: DryRun) -> dict[Role, tuple[float, float]]:
    """Calls and prompt tokens of each role, scaled up."""
    calls: Counter[Role] = Counter()
    tokens: Counter[Role] = Counter()
    for counts in (run.counts, run.further):
        for kind, count in counts.items():
            calls[kind[0]] += run.factor(kind) * count.calls
            tokens[kind[0]] += run.factor(kind) * count.prompt_tokens
    return {role: (calls[role], tokens[role]) for role in calls}


def of_a_run(config: RunConfig) -> dict[Role, tuple[float, float]]:
    store, _ = finished(config)
    return {role.role: (role.calls, role.prompt_tokens) for role in store.usage().roles}


@pytest.mark.parametrize(
    "config",
    [
        small_config(),
        small_config(language="en", routing="hybrid", ticks=9),
        small_config(ticks=None, scenarios=9),
        small_config(stub={"faults": {"malformed": 0.1, "truncated": 0.1}, "latency": "fixed:9"}),
    ],
    ids=["ja", "hybrid", "quota", "faults"],
)
def test_of_a_society_on_the_stub_it_knows_every_call_and_token(config: RunConfig) -> None:
    assert by_role(played(config)) == of_a_run(config)


def test_no_endpoint_is_asked_for_anything() -> None:
    nowhere = {"base_url": "http://127.0.0.1:9/v1", "model": "qwen"}
    models = {"default": nowhere, "embedding": nowhere}
    config = small_config(routing="embedding").model_copy(
        update={"models": RunConfig.model_validate(_with(models)).models}
    )
    assert by_role(played(config))[Role.EMBEDDING][0] > 0


def _with(models: dict[str, object]) -> dict[str, object]:
    return {"society": {"ticks": 1}, "models": models}


@cache
def village(routing: str = "llm") -> RunConfig:
    """A hundred people in 20 groups for 12 ticks."""
    return RunConfig.model_validate(
        {
            "seed": 5,
            "language": "en",
            "personas": {"source": "sampler", "count": 100},
            "society": {"neighbours": 4, "weak_ties": 1, "ticks": 12, "routing": routing},
            "models": {"default": {"stub": {}}},
        }
    )


@pytest.mark.parametrize("routing", ["llm", "hybrid"])
def test_a_sample_is_like_the_whole(routing: str) -> None:
    whole, part = played(village(routing)), played(village(routing), most_actions=500)
    assert part.sampled and not whole.sampled
    assert part.played_people < 60
    there, estimated = by_role(whole), by_role(part)
    for role, figures in there.items():
        for actual, guess in zip(figures, estimated[role], strict=True):
            assert guess == pytest.approx(actual, rel=0.15)


def test_a_machine_that_is_slow_plays_no_second_sample() -> None:
    now = iter(range(0, 1000, 15))
    slow = played(village(), clock=lambda: float(next(now)), most_actions=10_000)
    assert slow.played_people == 100  # 1,200 turns are within the first sample
    long = village().model_copy(
        update={"society": village().society.model_copy(update={"ticks": 60})}
    )
    now = iter(range(0, 1000, 15))
    assert played(long, clock=lambda: float(next(now))).played_people < 60


def test_what_a_quota_needs_beyond_its_first_stage_is_told_apart() -> None:
    config = small_config(ticks=None, scenarios=9, min_actions=8, max_windows=5)
    run = played(config)
    assert run.rounds > 0
    assert run.further[(Role.AGENT, "goal")].calls > 0
    assert by_role(run) == of_a_run(config)


def test_a_quota_that_is_never_met_ends_soon() -> None:
    run = played(small_config(ticks=None, scenarios=9, min_actions=100))
    assert not run.end.quota_met
    assert run.end.ticks <= 2 * run.ticks + 6


def test_the_anonymiser_is_asked_about_everybody() -> None:
    config = small_config()
    personas = config.personas.model_copy(update={"anonymise": "llm"})
    run = played(config.model_copy(update={"personas": personas}))
    kind = (Role.ANONYMISER, "anonymise")
    assert run.factor(kind) * run.counts[kind].calls == 9


def test_groups_of_a_sample_keep_their_neighbours_and_reach_as_many() -> None:
    with RunStore.in_memory() as store:
        society = founded(village(), store)
    sample = sample_of(society, 40, 1)
    assert 40 <= sample.people < 60
    assert sorted(g.members for g in sample.society.groups) == sorted(
        g.members for g in society.groups
    )
    descriptions = {group.members: group for group in society.groups}
    for group, reached in zip(sample.society.groups, sample.neighbours, strict=False):
        before = descriptions[group.members]
        known = [sample.society.groups[n].description for n in group.neighbours]
        assert known == [society.groups[n].description for n in before.neighbours]
        assert len(set(reached)) == len(reached) == len(before.neighbours)
        assert all(other < sample.groups and other != group.group for other in reached)


def test_a_sample_of_everybody_is_the_society() -> None:
    with RunStore.in_memory() as store:
        society = founded(village(), store)
    sample = sample_of(society, 100, 1)
    assert sample.whole
    assert sample.society is society


class Sending:
    """Groups of which each sends one action to all its neighbours, in every tick."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample

    async def play(self, grant: Grant) -> TickReport:
        group = self._sample.society.groups[grant.group]
        action = Action(grant.tick, grant.group, group.members[0], ActionKind.PLAN, "said")
        sent = tuple(Envelope(target, 0, action, "one") for target in group.neighbours)
        return replace(null_report(grant.group, grant.tick, 0), envelopes=sent)

    async def summarise(self, order: SummaryOrder) -> Scenario:
        raise AssertionError("nobody asks for one")


def test_what_is_sent_out_of_a_sample_comes_in_elsewhere() -> None:
    with RunStore.in_memory() as store:
        society = founded(village(), store)
    sample = sample_of(society, 40, 1)
    groups = SampledGroups(Sending(sample), sample)
    for number in range(sample.groups):
        report = asyncio.run(groups.play(Grant(number, 0, 0, ())))
        assert tuple(e.target for e in report.envelopes) == sample.neighbours[number]
