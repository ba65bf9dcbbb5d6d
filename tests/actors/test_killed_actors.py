"""An actor's process is killed in mid-run: the run ends by itself, with the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.coordinator import Status
from matrix_sim.errors import RunFailure
from tests.support.killer import Killer
from tests.support.processes import actor_processes
from tests.support.ray_session import play_on_ray
from tests.support.small_run import GROUPS, TICKS, embedded_stub, write_config

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("own_ray")]


@pytest.mark.parametrize(
    ("kinds", "runtime"),
    [
        (["AgentActor", "LLM", "ModulatorActor", "Store"], {"placement": "spread"}),
        (["Host", "Store", "LLM", "Coordinator"], {"placement": "packed"}),
    ],
    ids=["spread", "packed"],
)
def test_a_run_survives_the_death_of(
    kinds: list[str], runtime: dict[str, Any], expected: bytes, tmp_path: Path
) -> None:
    config, killer = write_config(tmp_path, embedded_stub("fixed:0.25"), **runtime), Killer(kinds)
    played = play_on_ray(
        config, tmp_path / "run", lambda status: killer.saw(status.committed_ticks)
    )
    assert list(killer.killed) == kinds
    assert all(0 < ticks < GROUPS * TICKS for ticks in killer.killed.values())
    assert played.scenarios == expected
    assert played.end.ticks == TICKS
    assert played.summary.calls == played.summary.replies


def test_a_run_survives_the_death_of_its_limiter(expected: bytes, tmp_path: Path) -> None:
    models = embedded_stub("fixed:0.25")
    models["default"]["limits"] = {"concurrency": 8}
    config = write_config(tmp_path, models)
    killer = Killer(["LimiterActor", "LLM", "LimiterActor"])
    played = play_on_ray(
        config, tmp_path / "run", lambda status: killer.saw(status.committed_ticks)
    )
    assert killer.killed["LimiterActor"] > killer.killed["LLM"] > 0
    assert played.scenarios == expected


def test_a_tick_that_loses_every_process_ends_the_run_with_its_address(tmp_path: Path) -> None:
    lost_at: list[int] = []

    def kill_whoever_takes_it(status: Status) -> None:
        # Once the last death was noticed, the tick is in the hands of the next process.
        if not lost_at or status.tally.actors_lost > lost_at[-1]:
            (host,) = actor_processes("Host")
            host.kill()
            lost_at.append(status.tally.actors_lost)

    config = write_config(tmp_path, embedded_stub("fixed:100"), tick_attempts=2)
    with pytest.raises(RunFailure, match=r"g000\d/t0000 lost 2 processes in a row"):
        play_on_ray(config, tmp_path / "run", kill_whoever_takes_it)
    assert len(lost_at) >= 2
