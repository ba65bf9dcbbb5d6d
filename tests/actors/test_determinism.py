"""What comes out of a run does not depend on how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.ray_session import play_on_ray
from tests.support.small_run import (
    GROUPS,
    PEOPLE,
    TICKS,
    embedded_stub,
    expected_scenarios,
    write_config,
)

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("own_ray")]

INSTANT, SLOW = "fixed:0", "lognormal:0.05:1"


@pytest.mark.parametrize(
    ("latency", "runtime"),
    [
        (INSTANT, {"placement": "packed", "llm_actors": 1}),
        (INSTANT, {"placement": "packed", "llm_actors": 1}),
        (SLOW, {"placement": "packed", "llm_actors": 3, "groups_per_host": 1}),
        (INSTANT, {"placement": "spread", "llm_actors": 3}),
        (SLOW, {"placement": "spread", "llm_actors": 1}),
    ],
    ids=["packed", "packed-again", "packed-3-slow", "spread-3", "spread-slow"],
)
def test_the_scenarios_are_the_same_bytes(
    latency: str, runtime: dict[str, Any], expected: bytes, tmp_path: Path
) -> None:
    config = write_config(tmp_path, embedded_stub(latency), **runtime)
    played = play_on_ray(config, tmp_path / "run")
    summary = played.summary
    assert played.scenarios == expected
    assert played.end.ticks == TICKS
    assert (summary.agents, summary.groups, summary.ticks) == (PEOPLE, GROUPS, GROUPS * TICKS)
    assert summary.envelopes > 0
    assert (summary.calls, summary.calls_lost) == (summary.replies, 0)


@pytest.mark.parametrize(
    ("society", "runtime"),
    [
        ({"communication": "random", "routing": "hybrid"}, {"placement": "packed"}),
        ({"communication": "homophily", "routing": "embedding"}, {"placement": "spread"}),
        ({"communication": "none", "routing": "broadcast"}, {"placement": "packed"}),
    ],
    ids=["random-hybrid", "homophily-embedding", "none-broadcast"],
)
def test_other_policies_come_to_the_same_bytes_as_well(
    society: dict[str, str], runtime: dict[str, Any], tmp_path: Path
) -> None:
    expected = expected_scenarios(tmp_path, society)
    config = write_config(tmp_path, embedded_stub(SLOW), society=society, **runtime)
    assert play_on_ray(config, tmp_path / "run").scenarios == expected
