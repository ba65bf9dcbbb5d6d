"""A run on the Ray of the test session, which stays up for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from actors.coordinator import Status
from actors.launch import Production, Stage
from matrix_sim.config.file import load_config
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.run_directory import open_run
from matrix_sim.society.simulation import SimulationEnd
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run


@dataclass(frozen=True)
class PlayedRun:
    """What a run came to."""

    end: SimulationEnd
    scenarios: bytes
    """`scenarios.jsonl`."""
    summary: RunSummary


def play_on_ray(
    config: Path, directory: Path, on_status: Callable[[Status], None] = lambda _: None
) -> PlayedRun:
    """Play the run of a config to its end; `on_status` hears of its progress."""
    end = asyncio.run(_produce(config, directory, on_status))
    scenarios = directory / "scenarios.jsonl"
    with RunStore.read_only(directory) as store:
        export_scenarios(store.scenarios(), scenarios, None)
        return PlayedRun(end, scenarios.read_bytes(), summarise_run(store))


async def _produce(
    config: Path, directory: Path, on_status: Callable[[Status], None]
) -> SimulationEnd:
    run = open_run(load_config(config, (), {}), directory, owner="a test")
    production = Production(Stage(run.society, run.config, run.prompts, directory, "a test"))
    await production.start()
    try:
        return await production.run(on_status)
    finally:
        await production.close()
