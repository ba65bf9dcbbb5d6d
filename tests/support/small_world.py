"""A whole society in one process: the real domain on a real store, the stub as its model."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from matrix_sim.config import Language, ModelConfig, RunConfig
from matrix_sim.config.roles import model_of, played_roles
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.founding import Embed, found_society, local_embedding, read_society
from matrix_sim.llm.contracts import Backend, Endpoint, EnvironmentalFailure, Hindrance, Role
from matrix_sim.llm.embedding_endpoint import stub_embedding_endpoint
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.lanes import Lane
from matrix_sim.llm.open_gate import OpenGate
from matrix_sim.llm.prefix_cache import PrefixCache
from matrix_sim.llm.retrying import Retrying
from matrix_sim.llm.stub.embedding import bigram_vector
from matrix_sim.llm.stub.endpoint import StubEndpoint
from matrix_sim.llm.tariff import tariffs_of
from matrix_sim.messages import Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.rehearsal import Rehearsal
from matrix_sim.society.assembly import LiveGroup
from matrix_sim.society.simulation import Simulation, SimulationEnd
from matrix_sim.society.society import Society
from matrix_sim.store.adapters import StoreChannel, StoreJournal
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import PutEvent
from matrix_sim.synthesis.facets_file import load_facets
from matrix_sim.synthesis.synthesis import Synthesis, Workshop
from tests.support.virtual_time import run_virtually

T = TypeVar("T")

PROMPTS = PromptLibrary("ja")
_PROMPTS = {"ja": PROMPTS, "en": PromptLibrary("en")}
FACETS = {"ja": load_facets("ja"), "en": load_facets("en")}


def small_config(
    *,
    language: Language = "ja",
    stub: Mapping[str, object] = MappingProxyType({}),
    attempts: int = 50,
    price: Mapping[str, float] | None = None,
    budget: Mapping[str, float] = MappingProxyType({}),
    datasets: Sequence[Mapping[str, object]] = (),
    quality: Mapping[str, object] = MappingProxyType({}),
    models: Mapping[str, object] = MappingProxyType({}),
    **society: object,
) -> RunConfig:
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
            "language": language,
            "personas": {"source": "builtin", "count": 9},
            "society": settings | society,
            "models": {
                "default": {"stub": dict(stub), "retry": {"attempts": attempts}, "price": price},
                **models,
            },
            "datasets": list(datasets),
            "quality": dict(quality),
            "budget": dict(budget),
            "runtime": {"tick_attempts": 1000},
        }
    )


_EVENTS: dict[str, list[PutEvent]] = {}
_DECIDES_GROUPS = ("group_size", "neighbours", "weak_ties", "communication")


def founded(config: RunConfig, store: RunStore) -> Society:
    """Found the society of `config` in `store`; each grouping is worked out once."""
    key = config.model_dump_json(
        include={
            "seed": True,
            "language": True,
            "personas": True,
            "society": dict.fromkeys(_DECIDES_GROUPS, True),
            "models": {"embedding"},
        }
    )
    if key not in _EVENTS:
        personas = load_personas(config.personas, config.seed, Path(), config.language).personas
        prompts = _PROMPTS[config.language]
        founding = found_society(config, personas, prompts, _embedding(config))
        _EVENTS[key] = list(founding.events)
    store.apply(_EVENTS[key])
    return read_society(store, config.society)


def _embedding(config: RunConfig) -> Embed:
    if config.models.embedding.local:
        return local_embedding(config.seed)
    return lambda texts: np.asarray([bigram_vector(text) for text in texts], np.float32)


class LocalGroups:
    """All groups in this process, each of which can be killed as if it had one of its own."""

    def __init__(self, build: Callable[[int], LiveGroup]) -> None:
        self._build = build
        self._groups: dict[int, LiveGroup] = {}
        self._asked: dict[int, dict[asyncio.Task[Any], None]] = {}

    async def play(self, grant: Grant) -> TickReport:
        return await self._ask(grant.group, lambda group: group.play(grant))

    async def summarise(self, order: SummaryOrder) -> Scenario:
        return await self._ask(order.group, lambda group: group.summarise(order))

    def kill(self, group: int) -> None:
        """Lose what the group knows; whoever waits for it hears that its process died."""
        self._groups.pop(group, None)
        for task in self._asked.get(group, {}):
            task.cancel()

    async def _ask(self, group: int, question: Callable[[LiveGroup], Coroutine[Any, Any, T]]) -> T:
        if group not in self._groups:
            self._groups[group] = self._build(group)
        task = asyncio.create_task(question(self._groups[group]))
        asked = self._asked.setdefault(group, {})
        asked[task] = None
        await asyncio.wait((task,))
        del asked[task]
        if task.cancelled():
            raise EnvironmentalFailure(Hindrance.ACTOR_LOST, "the group was killed on purpose")
        return task.result()


@dataclass
class World:
    """One life of a run: everything but the store dies with it. Made inside its event loop."""

    config: RunConfig
    store: RunStore
    wrap: Callable[[Endpoint], Endpoint] = lambda endpoint: endpoint
    """Puts something around the stub, or in its place."""
    failpoints: Failpoints = NO_FAILPOINTS
    channel: Callable[[RunStore], StoreChannel] = InlineCommit
    llm: Journaled = field(init=False)
    society: Society = field(init=False)
    groups: LocalGroups = field(init=False)
    simulation: Simulation = field(init=False)

    def __post_init__(self) -> None:
        config, channel = self.config, self.channel(self.store)
        prompts = _PROMPTS[config.language]
        society = founded(config, self.store)
        backends: dict[Role, Backend] = {
            role: self._backend(model_of(config.models, role))
            for role in played_roles(config)
            if role is not Role.EMBEDDING
        }
        if config.models.embedding.stub is not None:
            backends[Role.EMBEDDING] = Retrying(
                [Lane("stub", stub_embedding_endpoint(), OpenGate())],
                config.models.embedding.retry,
                sleep=asyncio.sleep,
                random=random.Random(2),
            )
        self.llm = Journaled(
            backends,
            StoreJournal(channel),
            max_in_flight=config.runtime.max_in_flight,
            prefix_cache=PrefixCache(100_000),
            failpoints=self.failpoints,
            tariffs=tariffs_of(config.models),
        )
        self.society = society
        self._store_channel = channel
        rehearsal = Rehearsal(config, society, prompts, self.llm, channel)
        self.groups = LocalGroups(rehearsal.group)
        self.simulation = rehearsal.simulation(
            self.store.progress(len(society.groups), config.society.scenario_window),
            groups=self.groups,
            failpoints=self.failpoints,
        )

    def _backend(self, model: ModelConfig) -> Retrying:
        assert model.stub is not None
        endpoint = StubEndpoint(
            model.stub,
            seed=self.config.seed,
            language=self.config.language,
            sleep=asyncio.sleep,
            clock=lambda: asyncio.get_running_loop().time(),
        )
        return Retrying(
            [Lane("stub", self.wrap(endpoint), OpenGate())],
            model.retry,
            sleep=asyncio.sleep,
            random=random.Random(1),
        )

    @property
    def synthesis(self) -> Synthesis:
        """What makes the data sets; a new one each time, as after a restart."""
        prompts = _PROMPTS[self.config.language]
        workshop = Workshop(self.config, self.society, prompts, FACETS[self.config.language])
        return Synthesis(workshop, self.llm, self._store_channel)

    async def play(self) -> SimulationEnd:
        """To the end, data sets too."""
        try:
            end = await self.simulation.run()
            if self.config.datasets:
                await self.synthesis.run()
            return end
        finally:
            await self.llm.close()


async def play_world(
    config: RunConfig,
    store: RunStore,
    *,
    wrap: Callable[[Endpoint], Endpoint] = lambda endpoint: endpoint,
    failpoints: Failpoints = NO_FAILPOINTS,
    channel: Callable[[RunStore], StoreChannel] = InlineCommit,
) -> SimulationEnd:
    """One life of a run, to the end."""
    return await World(config, store, wrap, failpoints, channel).play()


def scenario_bytes(store: RunStore, config: RunConfig) -> bytes:
    """What `scenarios.jsonl` would hold."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scenarios.jsonl"
        export_scenarios(store.scenarios(), path, config.society.scenarios)
        return path.read_bytes()


def everything(store: RunStore, config: RunConfig) -> tuple[object, ...]:
    """All that a run made true, and the bytes that come of it."""
    groups = range(len(store.events("group")))
    made = {one.label: tuple(store.candidates(one.label)) for one in config.datasets}
    return scenario_bytes(store, config), *(store.reports(group) for group in groups), made


def finished(
    config: RunConfig,
    seed: int = 0,
    *,
    wrap: Callable[[Endpoint], Endpoint] = lambda endpoint: endpoint,
) -> tuple[RunStore, SimulationEnd]:
    """A run that nothing disturbed, in a store of its own."""
    store = RunStore.in_memory()
    return store, run_virtually(play_world(config, store, wrap=wrap), seed)
