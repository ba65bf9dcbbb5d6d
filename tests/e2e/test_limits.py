"""What an endpoint allows is found and used: the real program against a server that limits it.

`scripts/measure_limits.py` measures the same at full length and in all combinations; there a run
that is told of no limit is turned away for a third to a half of its requests. What is asked here
leaves room for a machine that does other things meanwhile, and for a window of five seconds, which
is stricter than one of a minute.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.limits import RateTrial, SlotTrial, Told

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

BRIEF = {"warm_up_s": 6.0, "seconds": 14.0, "latency": "lognormal:0.3:0.5"}


@pytest.mark.parametrize(
    ("told", "actors", "window"),
    [
        ("config", 3, "sliding"),
        ("headers", 1, "bucket"),
    ],
)
def test_requests_a_minute_are_used_and_hardly_exceeded(
    told: Told, actors: int, window: str, tmp_path: Path
) -> None:
    trial = RateTrial(rpm=1200, told=told, llm_actors=actors, window=window, window_s=5, **BRIEF)
    figures = trial.run(tmp_path)
    assert figures.used >= 0.7
    assert figures.rejected <= 0.15


def test_tokens_a_minute_are_used_and_hardly_exceeded(tmp_path: Path) -> None:
    trial = RateTrial(
        tpm=1_000_000, told="headers", llm_actors=3, window="sliding", window_s=5, **BRIEF
    )
    figures = trial.run(tmp_path)
    assert figures.used >= 0.7
    assert figures.rejected <= 0.15


@pytest.mark.parametrize(("over", "actors"), [("queue", 1), ("reject", 3)])
def test_the_right_number_of_requests_at_once_is_found_and_found_again(
    over: str, actors: int, tmp_path: Path
) -> None:
    trial = SlotTrial(
        over=over, slots=(8, 32), latency_s=0.5, seconds=12, people=120, llm_actors=actors
    )
    few, more = trial.run(tmp_path)
    for found in (few, more):
        assert found.round_trips is not None and found.round_trips <= 20
        assert found.busy >= 0.75 * found.slots
        assert found.waiting <= 1.3 * found.slots
        assert found.rejected <= 0.15
