"""The data sets of a society that was played on the stub, made on it as well, to be counted.

Of large ones a part is made: as many rows as there is time for. What candidate n is does not
depend on how many are wanted, so the part is made in stages that go on from each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import LLM, Reply, Request, Role
from matrix_sim.llm.prefix_cache import COARSE_BLOCK_TOKENS, PREFIX_CACHE_TOKENS, PrefixCache
from matrix_sim.outlook.meter import Counts, Kind, Meter, dataset_of
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.society import Society
from matrix_sim.store.adapters import StoreChannel
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.making import Count
from matrix_sim.synthesis.synthesis import Synthesis, Workshop

MOST_ROWS = 1_000
"""Rows of a data set that are made, at most; of one with more it is a part."""
_FIRST_ROWS = 16
"""Rows of the first stage, by which it is known how long others would take."""
_MARGIN = 0.7
"""How much of the time left the second stage may be planned to take."""
_CANDIDATES_AT_LEAST = 50
"""That a part of a data set may try, whatever its share of `max_candidates` is."""
_ONCE = (Role.AGENT, Role.EMBEDDING)
"""Who is asked the same for several data sets."""


@dataclass(frozen=True, slots=True)
class DryDataset:
    """What a part of a data set asked of its models, and how large a part it was."""

    config: DatasetConfig
    counts: Counts
    """Of the candidates that were tried."""
    accepted: int
    tried: int
    refused: Mapping[str, int]
    """Of those that were tried, by the first check that they did not pass."""
    loosened: bool
    """Whether none of the stub's scenarios fitted the requirement, and all were taken."""

    @property
    def candidates(self) -> int:
        """How many all of it will try, if as many are refused as in this part."""
        if not self.accepted:
            return self.config.cap if self.tried else 0
        return min(self.config.cap, round(self.config.count * self.tried / self.accepted))

    @property
    def rows(self) -> int:
        """How many rows that will bring; fewer than wanted where the cap comes first."""
        return min(self.config.count, round(self.candidates * self.accepted / max(1, self.tried)))

    @property
    def sampled(self) -> bool:
        """Whether it is a part only."""
        return self.tried < self.candidates

    @property
    def factor(self) -> float:
        """By what the figures have to be multiplied for all of it."""
        return self.candidates / max(1, self.tried)


@dataclass(frozen=True, slots=True)
class DryMaking:
    """What the data sets of a run asked; nothing, where it makes none."""

    datasets: tuple[DryDataset, ...] = ()
    shared: Counts = field(default_factory=dict)
    """What several may have a use for: people's first goals, vectors of scenarios."""
    people: int = 0
    """Of whom a goal could be asked in it."""
    scenarios: int = 0
    """From which they were made."""

    @property
    def goals_factor(self) -> float:
        """By what figures of goals have to be multiplied: those of everybody who will ask."""
        grown = [one for one in self.datasets if one.config.ground == "persona"]
        return self._askers([one.candidates for one in grown]) / max(
            1.0, self._askers([one.tried for one in grown])
        )

    def _askers(self, candidates: Sequence[int]) -> float:
        """Different people, on average, where each data set takes so many by its own lot."""
        missed = 1.0
        for count in candidates:
            missed *= 1 - min(1.0, count / max(1, self.people))
        return self.people * (1 - missed)


class DryMaker:
    """Makes data sets from what a store holds of a society."""

    def __init__(
        self,
        config: RunConfig,
        society: Society,
        prompts: PromptLibrary,
        facets: Facets,
        channel: StoreChannel,
        llm: LLM,
    ) -> None:
        """`config` and `society` are those of the part that was played, on the stub."""
        self._config = config
        self._society = society
        self._prompts = prompts
        self._facets = facets
        self._channel = channel
        self._meter = Meter(llm, PrefixCache(PREFIX_CACHE_TOKENS, COARSE_BLOCK_TOKENS))
        self._llm = _Once(self._meter)

    async def make(
        self, *, scenarios: int, clock: Callable[[], float], until: float, most_rows: int
    ) -> DryMaking:
        """As many rows of each data set as there is time for.

        Args:
            scenarios: how many the part of the society has.
            clock: seconds, monotonic.
            until: by this clock, when it should be done.
            most_rows: of each data set.
        """
        datasets, begun = self._config.datasets, clock()
        first = min(_FIRST_ROWS, most_rows)
        counts = await self._made(datasets, first)
        loosened = {one.label for one in datasets if one.label not in counts}
        if loosened:
            datasets = tuple(_loosened(one) if one.label in loosened else one for one in datasets)
            counts = await self._made(datasets, first)
        took = max(1e-6, clock() - begun)
        rows = min(most_rows, int(first * _MARGIN * max(0.0, until - clock()) / took))
        if rows > first and any(one.count > first for one in datasets):
            counts = await self._made(datasets, rows)
        own = {one.label: one for one in self._config.datasets}
        return DryMaking(
            datasets=tuple(
                self._dataset(own[label], counts.get(label), label in loosened) for label in own
            ),
            shared={kind: n for kind, n in self._meter.counts.items() if self._shared(kind)},
            people=len(self._society.members),
            scenarios=scenarios,
        )

    async def _made(self, datasets: Sequence[DatasetConfig], rows: int) -> dict[str, Count]:
        """How far each comes with so many rows at most; without those that nothing fits."""
        parts = tuple(_part(dataset, rows) for dataset in datasets)
        config = self._config.model_copy(update={"datasets": parts})
        workshop = Workshop(config, self._society, self._prompts, self._facets)
        synthesis = Synthesis(workshop, self._llm, self._channel)
        # Of those that have nothing to grow from; the others were made.
        with suppress(RunFailure):
            await synthesis.run()
        return {count.label: count for count in synthesis.counts}

    def _dataset(self, dataset: DatasetConfig, count: Count | None, loosened: bool) -> DryDataset:
        counts = self._meter.counts.items()
        return DryDataset(
            config=dataset,
            counts={kind: n for kind, n in counts if dataset_of(kind) == dataset.label},
            accepted=count.accepted if count is not None else 0,
            tried=count.tried if count is not None else 0,
            refused=count.funnel.refused if count is not None else {},
            loosened=loosened and count is not None,
        )

    def _shared(self, kind: Kind) -> bool:
        """In a society that lives everybody has a goal, which is in the journal by then."""
        if kind[0] is Role.AGENT:
            return self._config.society.ticks == 0
        return not dataset_of(kind)


class _Once:
    """An `LLM` that asks nothing twice of those whom data sets share, as a journal has it."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self._asked: dict[tuple[str, int], asyncio.Task[Reply]] = {}

    async def complete(self, request: Request) -> Reply:
        """The reply, maybe the one of before."""
        if request.role not in _ONCE:
            return await self._llm.complete(request)
        place = (request.address, request.attempt)
        if place not in self._asked:
            self._asked[place] = asyncio.ensure_future(self._llm.complete(request))
        return await self._asked[place]


def _part(dataset: DatasetConfig, rows: int) -> DatasetConfig:
    if dataset.count <= rows:
        return dataset
    share = max(_CANDIDATES_AT_LEAST, dataset.cap * rows // dataset.count)
    return dataset.model_copy(update={"count": rows, "max_candidates": min(dataset.cap, share)})


def _loosened(dataset: DatasetConfig) -> DatasetConfig:
    return dataset.model_copy(update={"similarity_floor": 0.0})
