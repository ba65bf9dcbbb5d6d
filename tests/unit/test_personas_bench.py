"""`matrix-sim bench personas` measures each way of reading once; how fast it is, is no test."""

from __future__ import annotations

import json

import pytest

from matrix_sim.cli.main import main


def test_each_way_of_reading_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "personas", "--rows", "60", "--count", "5", "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["how"] for run in runs] == ["nemotron", "table with ids", "table without ids"]
    assert all((run["rows"], run["chosen"]) == (60, 5) for run in runs)
    assert all(run["rows_per_s"] > 0 and 10 < run["peak_memory_mb"] < 1000 for run in runs)


def test_no_more_can_be_chosen_than_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "personas", "--rows", "3", "--count", "5"]) == 2
    assert "--count 5" in capsys.readouterr().err
