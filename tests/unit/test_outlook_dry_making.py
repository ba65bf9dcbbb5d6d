"""The dry run of data sets: it asks what a run asks, and of large ones a part like the whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.outlook.dry_making import DryDataset
from matrix_sim.outlook.dry_run import DryRun, dry_run
from matrix_sim.outlook.estimate import GROUPING, estimate
from matrix_sim.outlook.figures import Estimate, KindEstimate
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary
from tests.support.small_world import finished, small_config

THINKING: dict[str, Any] = {"rejected": {"stub": {}}, "reasoner": {"stub": {"reasoning": True}}}
KINDS = (
    {"kind": "sft", "count": 6, "requirement": "有機野菜 vegetables"},
    {"kind": "dpo", "count": 3},
    {"kind": "reason", "count": 3, "ground": "persona"},
    {"kind": "dialogue", "count": 3, "turns": [2, 4]},
    {"kind": "code", "count": 3},
    {"kind": "safety", "count": 3},
)
JUDGED: dict[str, Any] = {"judge": {"enabled": True}}


def making(*datasets: dict[str, Any], models: dict[str, Any] = THINKING, **more: Any) -> RunConfig:
    return small_config(datasets=datasets, models=models, **more)


def played(config: RunConfig, **settings: Any) -> DryRun:
    people = load_personas(config.personas, config.seed, Path(), config.language).personas
    clock = settings.pop("clock", lambda: 0.0)
    return dry_run(config, people, PromptLibrary(config.language), clock=clock, **settings)


def by_role(config: RunConfig, **settings: Any) -> dict[Role, tuple[float, float]]:
    found = estimate(config, played(config, **settings), 0)
    grouping = {Role.EMBEDDING: sum(k.calls for k in kinds(found) if k.what == GROUPING)}
    return {
        role.role: (role.calls - grouping.get(role.role, 0), role.prompt_tokens)
        for role in found.roles
    }


def kinds(found: Estimate) -> list[KindEstimate]:
    return [kind for role in found.roles for kind in role.kinds]


def of_a_run(config: RunConfig) -> dict[Role, tuple[float, float]]:
    store, _ = finished(config)
    return {role.role: (role.calls, role.prompt_tokens) for role in store.usage().roles}


def only(run: DryRun) -> DryDataset:
    (made,) = run.making.datasets
    return made


@pytest.mark.parametrize(
    "config",
    [
        making(*KINDS, quality=JUDGED),
        making(*KINDS, language="en", ticks=None, scenarios=9),
        making(
            {"kind": "reason", "count": 5, "ground": "persona"},
            {"kind": "sft", "count": 4, "ground": "persona"},
            ticks=0,
        ),
        making(
            {"kind": "sft", "count": 20},
            models={"embedding": {"stub": {}}},
            quality={"near_duplicate": {"cosine": 0.9}},
        ),
        making(
            {"kind": "sft", "count": 6},
            {"kind": "dialogue", "count": 3},
            stub={"faults": {"malformed": 0.2, "truncated": 0.1}},
        ),
    ],
    ids=["six kinds", "en, quota", "people alone", "vectors", "faults"],
)
def test_of_data_sets_on_the_stub_it_knows_every_call_and_token(config: RunConfig) -> None:
    assert by_role(config) == of_a_run(config)


def test_a_part_of_the_rows_is_like_all_of_them() -> None:
    config = making({"kind": "sft", "count": 60}, {"kind": "dialogue", "count": 40})
    whole, part = by_role(config), by_role(config, most_rows=20)
    assert whole[Role.INSTRUCTOR] != part[Role.INSTRUCTOR]
    for role, figures in whole.items():
        for actual, guess in zip(figures, part[role], strict=True):
            assert guess == pytest.approx(actual, rel=0.15)


def test_a_machine_that_is_slow_makes_a_first_part_only() -> None:
    config = making({"kind": "sft", "count": 40})
    now = iter(range(0, 1000, 15))
    made = only(played(config, clock=lambda: float(next(now))))
    assert made.sampled
    assert made.accepted == 16
    assert not only(played(config)).sampled


def test_no_endpoint_is_asked_and_a_reasoner_thinks_where_thinking_is_wanted() -> None:
    nowhere = {"base_url": "http://127.0.0.1:9/v1", "model": "qwen"}
    roles = ("default", "reasoner", "rejected", "judge", "user", "instructor", "responder")
    config = making(*KINDS, models=dict.fromkeys(roles, nowhere))
    made = {one.config.label: one for one in played(config).making.datasets}
    assert all(one.rows == one.config.count for one in made.values())
    asked = {kind[0] for one in made.values() for kind in one.counts}
    assert asked == {Role(role) for role in roles[1:]}
    unthinking = only(played(making({"kind": "reason", "count": 2}, models={})))
    assert (unthinking.rows, set(unthinking.refused)) == (0, {"thinking"})


def test_goals_and_vectors_that_data_sets_share_are_asked_for_once() -> None:
    about = {"kind": "sft", "count": 3, "requirement": "家計", "similarity_floor": 0.0}
    config = making(
        about,
        about | {"name": "again"},
        {"kind": "sft", "name": "people", "count": 3, "ground": "persona"},
        models={"embedding": {"stub": {}}},
        quality={"near_duplicate": {"cosine": None}},
    )
    shared = played(config).making.shared
    assert {kind: count.calls for kind, count in shared.items()} == {
        (Role.EMBEDDING, "requirement"): 2,
        (Role.EMBEDDING, "scenarios"): 1,
    }
    embedding = {"models": config.models, "datasets": config.datasets[:2]}
    assert by_role(config.model_copy(update=embedding))[Role.EMBEDDING][0] == 3


def test_a_requirement_that_no_scenario_of_the_stub_fits_is_counted_as_if_all_did() -> None:
    odd = {"kind": "sft", "count": 3, "requirement": "zzz qqq", "similarity_floor": 0.9}
    made = only(played(making(odd)))
    assert made.loosened
    assert made.rows == 3
    assert not only(played(making({"kind": "sft", "count": 3}))).loosened


def test_without_a_scenario_there_is_nothing_to_count() -> None:
    made = only(played(making({"kind": "sft", "count": 3}, ticks=0)))
    assert (made.rows, made.candidates, made.counts) == (0, 0, {})


def test_refused_candidates_are_paid_for_too_and_a_cap_leaves_rows_out() -> None:
    few = {"kind": "dpo", "count": 4, "margin": 9, "max_candidates": 6}
    made = only(played(making(few)))
    assert (made.rows, made.candidates, made.refused) == (0, 6, Counter({"margin": 6}))
    half = DryDataset(made.config, {}, accepted=2, tried=4, refused={"margin": 2}, loosened=False)
    assert (half.candidates, half.rows, half.factor) == (6, 3, 1.5)
