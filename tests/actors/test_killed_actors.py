"""An actor's process is killed in mid-run: the run ends by itself, with the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from actors.coordinator import Status
from actors.launch import Production, Stage
from matrix_sim.config_file import load_config
from matrix_sim.errors import RunFailure
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.run_directory import open_run
from matrix_sim.society.simulation import SimulationEnd
from matrix_sim.store.run_store import RunStore
from tests.support.processes import actor_processes
from tests.support.small_run import GROUPS, TICKS, embedded_stub, write_config

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("own_ray")]


class Killer:
    """Kills one actor process after another, each once something was committed since the last."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._next = list(kinds)
        self._committed = 0
        self.killed: dict[str, int] = {}
        """Committed ticks at the death of each kind."""

    def __call__(self, status: Status) -> None:
        if status.committed_ticks > self._committed and self._next:
            kind = self._next.pop(0)
            actor_processes(kind)[0].kill()
            self._committed = self.killed[kind] = status.committed_ticks


async def played(config: Path, directory: Path, killer: Callable[[Status], None]) -> SimulationEnd:
    run = open_run(load_config(config, (), {}), directory, owner="test")
    production = Production(Stage(run.society, run.config, run.prompts, directory, "test"))
    await production.start()
    try:
        return await production.run(killer)
    finally:
        await production.close()


@pytest.mark.parametrize(
    ("kinds", "runtime"),
    [
        (["LLM", "AgentActor", "Store"], {"placement": "spread"}),
        (["ModulatorActor", "Coordinator"], {"placement": "spread"}),
        (["Host", "Store", "LLM", "Coordinator"], {"placement": "packed"}),
    ],
    ids=["spread", "spread-office-holders", "packed"],
)
def test_a_run_survives_the_death_of(
    kinds: list[str], runtime: dict[str, Any], expected: bytes, tmp_path: Path
) -> None:
    config, directory = (
        write_config(tmp_path, embedded_stub("fixed:0.25"), **runtime),
        tmp_path / "run",
    )
    killer = Killer(kinds)
    end = asyncio.run(played(config, directory, killer))
    assert list(killer.killed) == kinds
    assert all(0 < ticks < GROUPS * TICKS for ticks in killer.killed.values())
    assert end.ticks == TICKS
    with RunStore.read_only(directory) as store:
        export_scenarios(store.scenarios(), tmp_path / "scenarios.jsonl", None)
        usage = store.usage()
    assert (tmp_path / "scenarios.jsonl").read_bytes() == expected
    assert usage.calls == usage.replies


def test_a_tick_that_loses_every_process_ends_the_run_with_its_address(tmp_path: Path) -> None:
    killed: set[int] = set()

    def kill_every_host(status: Status) -> None:
        for host in actor_processes("Host"):
            if host.pid not in killed:
                host.kill()
                killed.add(host.pid)

    config = write_config(tmp_path, embedded_stub("fixed:100"), tick_attempts=2)
    with pytest.raises(RunFailure, match=r"g000\d/t0000 lost 2 processes in a row"):
        asyncio.run(played(config, tmp_path / "run", kill_every_host))
    assert len(killed) >= 2
