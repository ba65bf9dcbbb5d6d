"""A data set of each kind by llama.cpp's own server: real HTTP, a real grammar, real thinking.

Its tiny model writes gibberish in the shape that is asked for: what is looked at is the shape.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.cli.errors import LESS_THAN_ASKED
from matrix_sim.config import QualityConfig
from matrix_sim.export.finished import FinishedDataset, read_datasets
from matrix_sim.synthesis.contracts import Candidate
from tests.support.program import Program, ended_at_last
from tests.support.real_server import real_server
from tests.support.small_run import write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e, pytest.mark.xdist_group("real_server_datasets")]

KEY_NAME = "REAL_SERVER_KEY"
SIX: tuple[dict[str, Any], ...] = (
    {"kind": "sft", "count": 2},
    {"kind": "dpo", "count": 2, "without_margin": "flag"},
    {"kind": "reason", "count": 2},
    {"kind": "dialogue", "count": 2, "reasoning": True, "turns": [2, 2]},
    {"kind": "code", "count": 1, "max_candidates": 3},
    {"kind": "safety", "count": 2},
)
OF_FORM = ("thinking", "code", "duplicate")
QUALITY = {name: {"enabled": name in OF_FORM} for name in QualityConfig.model_fields}
QUALITY["thinking"]["length"] = [1, 60000]


@pytest.fixture(scope="module")
def made(shared_ray: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The run, and what the command printed at its end."""
    folder = tmp_path_factory.mktemp("made")
    run = folder / "run"
    with real_server(folder, context_tokens=16384, slots=4) as server:
        model = {
            "base_url": server.base_url,
            "model": server.model,
            "api_key_env": KEY_NAME,
            "max_tokens": 400,
        }
        config = write_config(
            folder,
            {"default": model, "rejected": model | {"sampling": {"temperature": 1.3}}},
            society={"ticks": 3},
            people=4,
            datasets=SIX,
            quality=QUALITY,
            max_in_flight=4,
        )
        command = ("run", str(config), "--run", str(run))
        environment = shared_ray | {KEY_NAME: server.api_key}
        with ended_at_last(Program(folder, *command, **environment)) as driver:
            code, output = driver.end()
            assert code == (LESS_THAN_ASKED if "gave up at" in output else 0), driver.said()
            return run, output


@pytest.fixture(scope="module")
def datasets(made: tuple[Path, str]) -> tuple[FinishedDataset, ...]:
    return read_datasets(made[0]).datasets


def accepted(dataset: FinishedDataset) -> list[Candidate]:
    return [one for one in dataset.candidates if one.accepted]


def test_there_are_as_many_rows_as_were_wanted_or_it_is_said_why_not(
    made: tuple[Path, str], datasets: tuple[FinishedDataset, ...]
) -> None:
    for one in datasets:
        rows, tried, config = len(accepted(one)), len(one.candidates), one.config
        assert f"data set {config.label}: {rows} of {config.count} rows from {tried}" in made[1]
        if config.kind == "code":  # the model hardly ever writes any
            gave_up = f"gave up at {config.cap} candidates ('max_candidates')"
            assert (gave_up in made[1]) is (rows < config.count)
            assert rows == config.count or tried == config.cap
        else:
            assert rows == config.count


def test_rows_are_of_the_shape_of_their_kind(datasets: tuple[FinishedDataset, ...]) -> None:
    for dataset in datasets:
        config = dataset.config
        for row in accepted(dataset):
            assert row.completion is not None
            turns = row.completion.turns
            spoken = len(turns) // 2 if config.kind == "dialogue" else 1
            sides = ["user", "assistant"] * spoken
            assert [turn.role for turn in turns] == (["user"] if config.kind == "dpo" else sides)
            assert all(turn.content for turn in turns)
            assert all(
                bool(turn.reasoning) == (config.thinks and turn.role == "assistant")
                for turn in turns
            )
            assert not any("think>" in turn.content + turn.reasoning for turn in turns)
            if config.kind == "dialogue":
                assert config.turns[0] <= spoken <= config.turns[1]


def test_pairs_were_judged_in_both_orders(datasets: tuple[FinishedDataset, ...]) -> None:
    (dpo,) = (one for one in datasets if one.config.kind == "dpo")
    for pair in (row.completion for row in accepted(dpo)):
        assert pair is not None
        assert pair.chosen and pair.rejected and pair.chosen != pair.rejected
        ratings = pair.labels["chosen_rating"], pair.labels["rejected_rating"]
        assert all(1 <= float(rating) <= 10 for rating in ratings)


def test_trainers_find_a_file_for_each_data_set(
    made: tuple[Path, str], datasets: tuple[FinishedDataset, ...]
) -> None:
    for dataset in datasets:
        folder = made[0] / "exports" / dataset.config.label / "trl"
        lines = [
            json.loads(line)
            for file in sorted(folder.glob("*.jsonl"))
            for line in file.read_text("utf-8").splitlines()
        ]
        assert len(lines) == len(accepted(dataset))
