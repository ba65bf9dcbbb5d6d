"""A whole society in one process: the real domain on a real store, the stub as its model."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from matrix_sim.config import RunConfig
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.founding import found_society, local_embedding, read_society
from matrix_sim.lazy import Lazy
from matrix_sim.llm.contracts import Endpoint, Role
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.prefix_cache import PrefixCache
from matrix_sim.llm.retrying import Retrying
from matrix_sim.llm.stub.endpoint import StubEndpoint
from matrix_sim.messages import Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.assembly import (
    LocalMembers,
    build_agents,
    build_modulator,
    charter_of,
)
from matrix_sim.society.clock import Clock
from matrix_sim.society.horizon import horizon_of
from matrix_sim.society.modulator import Modulator
from matrix_sim.society.settings import agent_settings, modulator_settings
from matrix_sim.society.simulation import Simulation, SimulationEnd, SimulationSettings
from matrix_sim.society.society import Society
from matrix_sim.store.adapters import StoreHistory, StoreJournal, StoreLedger
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import PutEvent

PROMPTS = PromptLibrary("ja")


def small_config(**society: object) -> RunConfig:
    """Nine of the built-in people in three groups, on the stub."""
    settings: dict[str, object] = {
        "group_size": {"min": 2, "max": 4, "mean": 3},
        "neighbours": 1,
        "weak_ties": 1,
        "ticks": 6,
    }
    return RunConfig.model_validate(
        {
            "seed": 3,
            "personas": {"source": "builtin", "count": 9},
            "society": settings | society,
            "models": {"default": {"stub": {}, "retry": {"attempts": 50}}},
        }
    )


_EVENTS: dict[str, list[PutEvent]] = {}


def founded(config: RunConfig, store: RunStore) -> Society:
    """Found the society of `config` in `store`; the grouping is worked out once per config."""
    key = config.model_dump_json(include={"seed", "personas", "society"})
    if key not in _EVENTS:
        personas = load_personas(config.personas, config.seed, Path()).personas
        founding = found_society(config, personas, PROMPTS, local_embedding(config.seed))
        _EVENTS[key] = list(founding.events)
    store.apply(_EVENTS[key])
    return read_society(store, config.seed, config.language, config.society)


class LocalGroups:
    """All groups in this process, each rebuilt from history when first asked, as a host does."""

    def __init__(self, build: Callable[[int], Lazy[Modulator]]) -> None:
        self._build = build
        self._modulators: dict[int, Lazy[Modulator]] = {}

    async def _modulator(self, group: int) -> Modulator:
        return await self._modulators.setdefault(group, self._build(group)).get()

    async def play(self, grant: Grant) -> TickReport:
        return await (await self._modulator(grant.group)).play(grant)

    async def summarise(self, order: SummaryOrder) -> Scenario:
        return await (await self._modulator(order.group)).summarise(order)

    def forget(self, group: int) -> None:
        """As if the process that held the group had been restarted."""
        self._modulators.pop(group, None)


@dataclass
class World:
    """One life of a run: everything but the store dies with it. Made inside its event loop."""

    config: RunConfig
    store: RunStore
    endpoint: Endpoint | None = None
    failpoints: Failpoints = NO_FAILPOINTS
    groups: LocalGroups = field(init=False)
    simulation: Simulation = field(init=False)

    def __post_init__(self) -> None:
        config, channel = self.config, InlineCommit(self.store)
        society = founded(config, self.store)
        stub = config.models.default.stub
        if self.endpoint is None:
            assert stub is not None
            self.endpoint = StubEndpoint(
                stub,
                seed=config.seed,
                language="ja",
                sleep=asyncio.sleep,
                clock=lambda: asyncio.get_running_loop().time(),
            )
        backend = Retrying(
            self.endpoint,
            config.models.default.retry,
            sleep=asyncio.sleep,
            random=random.Random(1),
        )
        self.llm = Journaled(
            dict.fromkeys((Role.AGENT, Role.MODULATOR), backend),
            StoreJournal(channel),
            max_in_flight=config.runtime.max_in_flight,
            prefix_cache=PrefixCache(100_000),
            failpoints=self.failpoints,
        )
        history = StoreHistory(channel)
        tokens = config.models.default.max_tokens

        def build(group: int) -> Lazy[Modulator]:
            charter = charter_of(
                society,
                group,
                agent_settings(config.society, tokens),
                modulator_settings(config.society, tokens),
            )

            async def make() -> Modulator:
                reports = await history.reports(group)
                agents = build_agents(charter, PROMPTS, self.llm, reports)
                return build_modulator(
                    charter, PROMPTS, self.llm, LocalMembers(agents), history, reports
                )

            return Lazy(make)

        self.groups = LocalGroups(build)
        neighbours = tuple(g.neighbours for g in society.groups)
        progress = self.store.progress(len(neighbours), config.society.scenario_window)
        self.simulation = Simulation(
            neighbours=neighbours,
            clock=Clock(neighbours, config.society.scenario_window, progress.committed),
            horizon=horizon_of(config.society, len(neighbours)),
            settings=SimulationSettings(
                window=config.society.scenario_window,
                min_actions=config.society.min_actions,
                inbox_limit=config.society.inbox_limit,
                tick_attempts=config.runtime.tick_attempts,
                scenarios=config.society.scenarios,
            ),
            groups=self.groups,
            ledger=StoreLedger(channel),
            progress=progress,
            failpoints=self.failpoints,
        )

    async def play(self) -> SimulationEnd:
        """To the end."""
        try:
            return await self.simulation.run()
        finally:
            await self.llm.close()


async def play_world(config: RunConfig, store: RunStore, **kept: object) -> SimulationEnd:
    """One life of a run, to the end."""
    return await World(config, store, **kept).play()  # type: ignore[arg-type]


def scenario_bytes(store: RunStore, config: RunConfig, tmp_path: Path) -> bytes:
    """What `scenarios.jsonl` would hold."""
    path = tmp_path / "scenarios.jsonl"
    export_scenarios(store.scenarios(), path, config.society.scenarios)
    return path.read_bytes()
