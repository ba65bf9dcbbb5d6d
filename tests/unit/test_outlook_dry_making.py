"""The dry run of data sets: it asks what a run asks, and of large ones a part like the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from matrix_sim.config import RunConfig
from matrix_sim.llm.contracts import Role
from matrix_sim.outlook.dry_making import DryDataset
from matrix_sim.outlook.dry_run import DryRun, dry_run
from matrix_sim.outlook.estimate import GROUPING, estimate
from matrix_sim.outlook.manner import Manner
from matrix_sim.outlook.meter import Count
from matrix_sim.outlook.preview import Previewed
from matrix_sim.outlook.preview_rows import PreviewedDataset
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.contracts import Candidate, Draw
from tests.support.small_world import finished, founded, small_config

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
    figures = estimate(config, played(config, **settings), 0)
    found = [(role.role, role.kinds) for role in figures.roles]
    making = {role: [kind for kind in kinds if kind.what != GROUPING] for role, kinds in found}
    return {
        role: (sum(kind.calls for kind in kinds), sum(kind.prompt_tokens for kind in kinds))
        for role, kinds in making.items()
        if kinds
    }


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
    assert (made.rows, made.candidates, sum(made.refused.values())) == (0, 6, 6)
    assert max(made.refused, key=lambda check: made.refused[check]) == "margin"
    half = DryDataset(made.config, {}, accepted=2, tried=4, refused={"margin": 2}, loosened=False)
    assert (half.candidates, half.rows, half.factor) == (6, 3, 1.5)


def test_with_a_preview_dialogues_and_prompts_that_hold_replies_are_as_long_as_in_it() -> None:
    config = making({"kind": "dialogue", "count": 4})
    run = played(config)
    (user, assistant, intent) = (
        (Role.USER, "dialogue/user"),
        (Role.RESPONDER, "dialogue/assistant"),
        (Role.INSTRUCTOR, "dialogue/intent"),
    )
    blank = Candidate("dialogue", Draw(0, 0, 0, 0, {}), accepted=True, completion=None)
    with RunStore.in_memory() as store:
        society = founded(config, store)
    seen = {
        user: Count(calls=22, prompt_tokens=20, counted_tokens=22_000, output_tokens=220),
        assistant: Count(calls=20, prompt_tokens=20, counted_tokens=60_000, output_tokens=8_000),
        intent: Count(calls=2, prompt_tokens=100, counted_tokens=50, output_tokens=60),
    }
    made = PreviewedDataset(config.datasets[0], (blank, blank))
    previewed = Previewed(society, seen, {}, Manner(), (), (made,))
    found = estimate(config, run, 0, previewed)
    kinds = {(role.role, kind.what): kind for role in found.roles for kind in role.kinds}
    candidates = only(run).candidates
    assert kinds[user].calls == 11 * candidates
    assert kinds[assistant].calls == 10 * candidates
    assert kinds[assistant].prompt_tokens == 3_000 * 10 * candidates
    assert kinds[assistant].output_tokens == 400 * 10 * candidates
    asked = only(run).counts[intent]
    assert kinds[intent].calls == asked.calls
    assert kinds[intent].prompt_tokens == pytest.approx(asked.prompt_tokens / 2, abs=1)
