"""What may change of a data set that was begun, and what makes it another (S1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.identity import Identity
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import PutEvent
from matrix_sim.synthesis.registration import register
from matrix_sim.synthesis.retrieval import SOURCES_EVENT
from tests.support.datasets import make, with_datasets
from tests.support.small_world import FACETS, PROMPTS

SOCIETY = Identity({"seed": 3})


def begin(store: RunStore, dataset: dict[str, Any], quality: dict[str, Any] | None = None) -> None:
    """Register it, and choose its scenarios."""
    config = with_datasets(dataset, quality=quality or {})
    register(store, config, SOCIETY, PROMPTS, FACETS["ja"])
    store.apply([PutEvent(SOURCES_EVENT, config.datasets[0].label, b"[]")])


@pytest.mark.parametrize(
    "change",
    [
        {"count": 9},
        {"max_candidates": 99},
        {"complexity": "simple"},
        {"reasoning": False},
        {"name": "another", "complexity": "complex"},
    ],
)
def test_a_data_set_grows_and_may_have_its_defaults_written_out(change: dict[str, Any]) -> None:
    store = RunStore.in_memory()
    begin(store, {"kind": "sft", "count": 4})
    begin(store, {"kind": "sft", "count": 4} | change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"complexity": "mixed"}, 'dataset.complexity: "simple" -> "mixed"'),
        ({"reasoning": True}, "dataset.reasoning: false -> true"),
        ({"requirement": "料理"}, 'dataset.requirement: "general" -> "料理"'),
        ({"kind": "code", "name": "sft"}, 'dataset.kind: "sft" -> "code"'),
    ],
)
def test_one_that_would_be_another_is_refused_with_what_differs(
    change: dict[str, Any], told: str
) -> None:
    store = RunStore.in_memory()
    begin(store, {"kind": "sft", "count": 4})
    with pytest.raises(UsageError, match="'sft' was begun as another") as refusal:
        begin(store, {"kind": "sft", "count": 4} | change)
    assert told in str(refusal.value)


def test_benchmarks_are_known_by_what_they_hold_wherever_they_lie(tmp_path: Path) -> None:
    files = [tmp_path / place / "test.jsonl" for place in ("a", "b", "moved")]
    for file, held in zip(files, ("one", "two", "one"), strict=True):
        file.parent.mkdir()
        file.write_text(held, "utf-8")
    one, two, moved = ({"contamination": {"benchmarks": [str(file)]}} for file in files)
    both = {"contamination": {"benchmarks": [str(file) for file in files[:2]]}}
    store = RunStore.in_memory()
    begin(store, {"kind": "sft", "name": "single", "count": 4}, one)
    begin(store, {"kind": "sft", "name": "single", "count": 4}, moved)
    begin(store, {"kind": "sft", "name": "pair", "count": 4}, both)
    for name, other in (("single", two), ("pair", two)):
        with pytest.raises(UsageError, match="benchmarks"):
            begin(store, {"kind": "sft", "name": name, "count": 4}, other)


def test_one_of_which_nothing_was_made_yet_may_become_another() -> None:
    beside = {"kind": "sft", "name": "beside", "count": 2}
    hopeless = {"kind": "sft", "count": 2, "requirement": "zzz qqq", "similarity_floor": 0.9}
    mended = hopeless | {"requirement": "料理", "similarity_floor": 0.0}
    store = RunStore.in_memory()

    def started(dataset: dict[str, Any]) -> None:
        config = with_datasets(dataset, beside)
        register(store, config, SOCIETY, PROMPTS, FACETS["ja"])
        make(config, store)

    with pytest.raises(RunFailure, match="none of"):
        started(hopeless)
    started(mended)
    started(mended)
    with pytest.raises(UsageError, match="'sft' was begun as another"):
        started(hopeless)
    with pytest.raises(UsageError, match="'beside' was begun as another"):
        beside["requirement"] = "料理"
        started(mended)
