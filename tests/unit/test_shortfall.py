"""A run that came to its end with less than was asked for ends with an exit code of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.cli.errors import LESS_THAN_ASKED
from matrix_sim.cli.main import main
from tests.support.datasets import ended_run, with_datasets

SFT = {"kind": "sft", "count": 2}
HOPELESS = {"kind": "dpo", "count": 3, "margin": 9, "max_candidates": 4}


def test_fewer_rows_are_told_and_again_when_it_is_started_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = ended_run(tmp_path, with_datasets(SFT, HOPELESS))
    for _ in range(2):
        assert main(["run", *started]) == LESS_THAN_ASKED
        said = capsys.readouterr()
        assert said.err.splitlines()[-1].endswith("came to its end with 0 of 3 rows of 'dpo'")
        assert "gave up at 4 candidates" in said.out
    assert main(["generate", *started, "--json"]) == LESS_THAN_ASKED
    dpo = json.loads(capsys.readouterr().out)["datasets"][1]
    assert (dpo["name"], dpo["accepted"], dpo["tried"]) == ("dpo", 0, 4)


@pytest.mark.parametrize(
    ("verb", "society", "code"),
    [
        ("run", {}, 0),
        ("run", {"ticks": None, "scenarios": 5}, 0),
        ("run", {"ticks": None, "scenarios": 50, "max_windows": 2}, LESS_THAN_ASKED),
        ("simulate", {"ticks": None, "scenarios": 50, "max_windows": 2}, LESS_THAN_ASKED),
        ("generate", {"ticks": None, "scenarios": 50, "max_windows": 2}, 0),
    ],
)
def test_scenarios_count_where_a_number_of_them_was_asked_for(
    verb: str, society: dict[str, Any], code: int, tmp_path: Path
) -> None:
    assert main([verb, *ended_run(tmp_path, with_datasets(SFT, **society))]) == code


def test_data_sets_that_were_not_to_be_made_are_not_missed(tmp_path: Path) -> None:
    assert main(["simulate", *ended_run(tmp_path, with_datasets(HOPELESS))]) == 0
