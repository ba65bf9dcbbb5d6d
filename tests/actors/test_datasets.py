"""Data sets of every kind on real actors: the same candidates, byte for byte, whatever happens."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from actors.synthesist import MakingStatus
from matrix_sim import Run
from tests.support.killer import Killer
from tests.support.made import Rows, candidate_rows, expected_rows, exported, questions
from tests.support.small_run import thinking_stub, write_config

pytestmark = [
    pytest.mark.ray,
    pytest.mark.usefixtures("own_ray"),
    pytest.mark.xdist_group("datasets"),
]

INSTANT, SLOW, STEADY = "fixed:0", "lognormal:0.05:1", "fixed:0.3"
SIX: tuple[dict[str, Any], ...] = (
    {"kind": "sft", "count": 12},
    {"kind": "dpo", "count": 4},
    {"kind": "reason", "count": 4},
    {"kind": "dialogue", "count": 6, "reasoning": True, "turns": [2, 4]},
    {"kind": "code", "count": 4},
    {"kind": "safety", "count": 4, "ground": "persona"},
)


def config_of(folder: Path, latency: str, **runtime: Any) -> Path:
    return write_config(folder, thinking_stub(latency), datasets=SIX, **runtime)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return expected_rows(config_of(tmp_path_factory.mktemp("expected"), INSTANT))


@pytest.fixture(scope="module")
def finished(own_ray: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("finished")
    run = folder / "run"
    Run(config_of(folder, INSTANT, llm_actors=1), run).play()
    return run


@pytest.fixture(scope="module")
def society(own_ray: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose society has come to its end, and which has no data sets yet."""
    folder = tmp_path_factory.mktemp("society")
    run = folder / "run"
    Run(write_config(folder, thinking_stub()), run).play()
    return run


def assert_the_same(run: Path, other: Path) -> None:
    """Byte for byte, and down to the words of every question."""
    assert candidate_rows(run) == candidate_rows(other)
    assert exported(run) == exported(other)
    assert questions(run) == questions(other)


def tried(status: MakingStatus) -> int:
    return sum(count.tried for count in status.counts)


def test_the_rows_are_those_of_one_process(finished: Path, expected: Rows) -> None:
    assert candidate_rows(finished) == expected
    assert {dataset for dataset, *_ in expected} == {str(one["kind"]) for one in SIX}


@pytest.mark.parametrize(
    ("latency", "runtime"),
    [
        (SLOW, {"placement": "packed", "llm_actors": 3}),
        (SLOW, {"placement": "spread", "llm_actors": 3}),
    ],
    ids=["packed-3", "spread-3"],
)
def test_placement_and_timing_change_no_byte(
    latency: str, runtime: dict[str, Any], finished: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    summary = Run(config_of(tmp_path, latency, **runtime), run).play()
    assert_the_same(run, finished)
    assert [one.accepted for one in summary.datasets] == [one["count"] for one in SIX]
    assert (summary.calls, summary.calls_lost) == (summary.replies, 0)


@pytest.mark.parametrize(
    ("kinds", "actors"),
    [(["Synthesist", "LLM"], 1), (["LLM", "Store", "Synthesist"], 3)],
    ids=["one-llm", "three-llm"],
)
def test_the_making_survives_the_death_of(
    kinds: list[str], actors: int, society: Path, finished: Path, tmp_path: Path
) -> None:
    run, killer = tmp_path / "run", Killer(kinds)
    shutil.copytree(society, run)
    config = config_of(tmp_path, STEADY, llm_actors=actors, max_in_flight=6)
    summary = Run(config, run).play(on_making=lambda status: killer.saw(tried(status)))
    assert list(killer.killed) == kinds
    assert all(0 < count < len(candidate_rows(finished)) for count in killer.killed.values())
    assert_the_same(run, finished)
    assert summary.calls == summary.replies


class Enough(Exception):
    """Somebody has seen enough."""


def test_what_was_stopped_goes_on_and_asks_nothing_twice(
    society: Path, finished: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(society, run)
    config = config_of(tmp_path, STEADY, max_in_flight=6)

    def stop(status: MakingStatus) -> None:
        if tried(status):
            raise Enough

    with pytest.raises(Enough):
        Run(config, run).play(on_making=stop)
    done = candidate_rows(run)
    assert 0 < len(done) < len(candidate_rows(finished))
    assert not exported(run)
    stopped = Run(config, run).summary()
    assert (stopped.calls, stopped.calls_lost) == (stopped.replies, 0)

    summary = Run(config, run).play()
    assert_the_same(run, finished)
    assert summary.calls_lost == 0
