"""`matrix-sim bench quality` measures all checks; how fast they are, is no test."""

from __future__ import annotations

import json

import pytest

from matrix_sim.cli.main import main


def test_all_checks_are_measured_and_planted_rows_are_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "quality", "--rows", "1600", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [size["rows"] for size in said["sizes"]] == [200, 400, 800, 1600]
    assert all(size["rows_per_s"] > 0 for size in said["sizes"])
    assert {"length", "pii", "duplicate", "near_duplicate"} <= said["microseconds"].keys()
    assert said["planted"]["exact"] > 10 < said["planted"]["near"]
    assert said["found"]["exact"] == said["planted"]["exact"]
    assert said["found"]["near"] >= 0.95 * said["planted"]["near"]
    assert said["new_taken_for_earlier"] < 16
    # Answers that are put together from what is said of people sound like people, some of them.
    assert said["refused_by_rule"] < 0.2 * 1600
