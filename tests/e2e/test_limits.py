"""What an endpoint allows is found and used: the real program against a server that limits it.

`scripts/measure_limits.py` measures the same at full length and in all combinations; there a run
that is told of no limit is turned away for a third to a half of its requests. The exact shares are
tested under virtual time (tests/unit): what is asked here leaves room for a machine that does
other things meanwhile.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.support.limits import RateTrial, SlotTrial

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

BRIEF = {"warm_up_s": 6.0, "seconds": 14.0, "latency": "lognormal:0.3:0.5"}


def test_requests_a_minute_are_used_and_hardly_exceeded(
    tmp_path: Path, shared_ray: dict[str, str]
) -> None:
    trial = RateTrial(rpm=1200, told="headers", window="bucket", window_s=5, **BRIEF)
    figures = trial.run(tmp_path, **shared_ray)
    assert figures.used >= 0.7
    assert figures.rejected <= 0.1


def test_tokens_a_minute_are_used_and_hardly_exceeded(
    tmp_path: Path, shared_ray: dict[str, str]
) -> None:
    trial = RateTrial(
        tpm=1_000_000, told="headers", llm_actors=3, window="sliding", window_s=5, **BRIEF
    )
    figures = trial.run(tmp_path, **shared_ray)
    assert figures.used >= 0.5
    assert figures.rejected <= 0.15


@pytest.mark.parametrize(("over", "actors"), [("queue", 1), ("reject", 3)])
def test_what_a_server_takes_is_found_and_found_again(
    over: Literal["queue", "reject"], actors: int, tmp_path: Path, shared_ray: dict[str, str]
) -> None:
    trial = SlotTrial(
        over=over, slots=(8, 32), latency_s=0.5, seconds=14, people=120, llm_actors=actors
    )
    few, more = trial.run(tmp_path, **shared_ray)
    for found in (few, more):
        assert found.round_trips is not None and found.round_trips <= 30
        assert found.busy >= 0.75 * found.slots
        assert found.waiting <= 1.3 * found.slots
        assert found.rejected <= 0.15
