"""What the engine itself costs: a society on the embedded stub, measured from outside.

CPU is that of all processes under the driver, Ray's own included. Rates and CPU are taken from
the first committed tick to the end; slot utilisation while a tenth to eight tenths of the ticks
were committed, so that neither the start nor the last groups' tail is in it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from actors.connection import connect, disconnect
from actors.coordinator import Status
from actors.launch import Cast, Production, Stage
from matrix_sim.cli.bench import ClockKind
from matrix_sim.config import RunConfig
from matrix_sim.founding import found_society, local_embedding
from matrix_sim.llm.stub.counters import StubCounters
from matrix_sim.personas.loading import load_personas
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.randomness import named_random
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import summarise_run

_SAMPLE_S = 0.25
_MEMORY_EVERY = 8
"""Samples between two looks at the memory: reading it costs more than the rest."""
_STEADY = (0.1, 0.8)


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What is run."""

    personas: int
    groups: int
    ticks: int
    placement: Literal["spread", "packed", "auto"]
    llm_actors: int
    latency: str
    slots: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """What came of it."""

    clock: ClockKind
    placement: str
    latency: str
    slot_utilisation: float
    """Mean share of the endpoint's slots that were busy."""
    actions: int
    actions_per_s: float
    cpu_ms_per_action: float
    peak_memory_mb: float
    """Of all processes together (proportional set size: shared pages count once)."""
    startup_s: float
    """From nothing to all actors answering, Ray's own start included where there was none."""
    first_tick_s: float
    """From nothing to the first committed tick."""
    run_s: float
    """From the first committed tick to the end."""
    calls_per_action: float
    prompt_tokens_per_action: float
    uncached_tokens_per_action: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    cpu_s: float
    ticks: int
    actions: int
    busy_slot_s: float


def _bench_personas(count: int, seed: int) -> list[Persona]:
    """`count` different people, recombined from the built-in ones: for load, not for data."""
    config = RunConfig.model_validate(
        {"society": {"ticks": 1}, "models": {"default": {"stub": {}}}}
    )
    built_in = load_personas(config.personas, 0, Path(), config.language).personas
    people = []
    for number in range(count):
        draw = named_random(seed, "bench-persona", str(number))
        base, other, third = draw.sample(built_in, 3)
        people.append(
            base.model_copy(
                update={
                    "id": f"bench-{number:06d}",
                    "name": f"{other.name.split()[0]} {third.name.split()[-1]}",
                    "age": draw.randint(18, 80),
                    "details": (*base.details[:2], *other.details[2:4]),
                    "interests": (*base.interests[:3], *third.interests[:2]),
                }
            )
        )
    return people


def run_engine(load: EngineLoad, clock: ClockKind, directory: Path) -> EngineFigures:
    """Run one load in a new run directory and measure it."""
    began = time.monotonic()
    config = _config(load)
    prompts = PromptLibrary(config.language)
    people = _bench_personas(load.personas, load.seed)
    founding = found_society(config, people, prompts, local_embedding(config.seed))
    with RunStore.open(directory, owner="bench", create=True) as store:
        store.apply(list(founding.events))
    stage = Stage(
        society=founding.society,
        config=config,
        prompts=prompts,
        directory=directory,
        owner=f"bench on {socket.gethostname()}",
        free_clock=clock is ClockKind.NONE,
    )
    placement, samples, started, memory_mb = asyncio.run(_measure(stage))
    with RunStore.read_only(directory) as store:
        summary = summarise_run(store)
    first = next(s for s in samples if s.ticks)
    last = samples[-1]
    acted = max(1, last.actions - first.actions)
    return EngineFigures(
        clock=clock,
        placement=placement,
        latency=load.latency,
        slot_utilisation=_utilisation(samples, load),
        actions=summary.actions,
        actions_per_s=acted / (last.at - first.at),
        cpu_ms_per_action=1000 * (last.cpu_s - first.cpu_s) / acted,
        peak_memory_mb=memory_mb,
        startup_s=started - began,
        first_tick_s=first.at - began,
        run_s=last.at - first.at,
        calls_per_action=summary.calls_per_action,
        prompt_tokens_per_action=summary.prompt_tokens_per_action,
        uncached_tokens_per_action=summary.uncached_tokens_per_action,
    )


def _config(load: EngineLoad) -> RunConfig:
    mean = load.personas / load.groups
    return RunConfig.model_validate(
        {
            "name": "bench",
            "seed": load.seed,
            "society": {
                "ticks": load.ticks,
                "group_size": {"min": 1, "max": max(10, round(2 * mean)), "mean": mean},
            },
            "models": {"default": {"stub": {"latency": load.latency, "slots": load.slots}}},
            "runtime": {
                "placement": load.placement,
                "llm_actors": load.llm_actors,
                # Far more than there are slots, so that this limit is not what is measured.
                "max_in_flight": 16 * load.slots,
            },
        }
    )


async def _measure(stage: Stage) -> tuple[str, Sequence[_Sample], float, float]:
    connect()
    production = Production(stage)
    meter = _Meter(await production.start())
    started = time.monotonic()
    sampling = asyncio.create_task(meter.sample())
    try:
        await production.run(lambda _: None)
        await meter.take()
    finally:
        sampling.cancel()
        await production.close()
        disconnect()
    return production.placement.kind, meter.samples, started, meter.peak_mb


class _Meter:
    """Looks at a production from outside, again and again."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._driver = psutil.Process()
        self.samples: list[_Sample] = []
        self.peak_mb = 0.0

    async def sample(self) -> None:
        while True:
            await self.take()
            await asyncio.sleep(_SAMPLE_S)

    async def take(self) -> None:
        cast = self._cast
        status: Status | None = None
        if cast.coordinator is not None:
            status = await cast.coordinator.status.remote()
        counters: list[tuple[StubCounters, ...]] = await asyncio.gather(
            *(actor.stub_counters.remote() for actor in cast.llm)
        )
        processes = [self._driver, *self._driver.children(recursive=True)]
        if len(self.samples) % _MEMORY_EVERY == 0:
            self.peak_mb = max(self.peak_mb, sum(map(_memory_mb, processes)))
        self.samples.append(
            _Sample(
                at=time.monotonic(),
                cpu_s=sum(map(_cpu_s, processes)),
                ticks=status.tally.ticks if status else 0,
                actions=status.tally.actions if status else 0,
                busy_slot_s=sum(c.busy_slot_seconds for own in counters for c in own),
            )
        )


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _memory_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def _utilisation(samples: Sequence[_Sample], load: EngineLoad) -> float:
    total = samples[-1].ticks
    steady = [s for s in samples if _STEADY[0] * total <= s.ticks <= _STEADY[1] * total]
    if len(steady) < 2:
        steady = [s for s in samples if s.ticks]
    first, last = steady[0], steady[-1]
    return (last.busy_slot_s - first.busy_slot_s) / (load.slots * max(1e-9, last.at - first.at))
