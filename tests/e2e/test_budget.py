"""A budget is never exceeded: not with 64 calls in flight, not by calls that fail, not by a kill.

It is the server that counts: every call that it did the work for, whether or not the reply ever
arrived.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.budget import BudgetFigures, BudgetTrial

pytestmark = [pytest.mark.ray, pytest.mark.e2e]


def assert_ended_for_want_of_budget(figures: BudgetFigures) -> None:
    assert (figures.code, figures.output, figures.left_over) == (1, "", []), figures.said
    last = figures.said.rpartition("matrix-sim:")[2]
    assert "budget" in last
    assert "Traceback" not in figures.said


def test_a_bound_on_calls_holds_over_a_kill(tmp_path: Path) -> None:
    trial = BudgetTrial(1, max_calls=300)
    figures = trial.run(tmp_path)
    assert_ended_for_want_of_budget(figures)
    assert figures.calls <= 300
    # The bound is used, but for what was in flight at the kill and is charged to be safe.
    assert figures.calls >= 300 - trial.in_flight - sum(figures.counted["faults"].values())
    assert 30 <= figures.killed_at[0] < figures.calls


def test_a_bound_on_tokens_holds_over_a_kill(tmp_path: Path) -> None:
    figures = BudgetTrial(3, max_tokens=1_000_000).run(tmp_path)
    assert_ended_for_want_of_budget(figures)
    assert 0.3 * 1_000_000 <= figures.tokens <= 1_000_000


def test_without_a_kill_every_call_of_the_bound_is_made(tmp_path: Path) -> None:
    figures = BudgetTrial(4, max_calls=150, kills=0).run(tmp_path)
    assert_ended_for_want_of_budget(figures)
    # The last one may be a call that failed after the work, and could not be sent again.
    assert 145 <= figures.calls <= 150
