"""A run on the stub, so that what it would ask of its models can be counted.

Nobody is asked and nothing is paid: the config's own people, settings, language and prompts, but
every model is the embedded stub, and people are grouped by vectors that are made here.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from matrix_sim.config import RunConfig, SocietyConfig
from matrix_sim.config.roles import played_roles
from matrix_sim.founding import found_society
from matrix_sim.llm.backends import Backends, model_of
from matrix_sim.llm.contracts import LLM, Role
from matrix_sim.llm.prefix_cache import COARSE_BLOCK_TOKENS, PREFIX_CACHE_TOKENS, PrefixCache
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.outlook.dry_making import MOST_ROWS, DryMaker, DryMaking
from matrix_sim.outlook.meter import Counts, Kind, Meter
from matrix_sim.outlook.sample import Sample, SampledGroups, sample_of
from matrix_sim.outlook.stubbed import on_the_stub
from matrix_sim.outlook.unkept import Unkept
from matrix_sim.personas.anonymise.close_look import look_closely
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.randomness import named_random
from matrix_sim.rehearsal import OwnGroups, Rehearsal
from matrix_sim.run_directory import embedding_of
from matrix_sim.society.homophily.arrangement import count_groups
from matrix_sim.society.horizon import horizon_of
from matrix_sim.society.simulation import SimulationEnd
from matrix_sim.society.society import Society
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.facets_file import load_facets

MOST_ACTIONS = 10_000
"""Turns that are played, at most, about; a config with more of them is sampled."""
MOST_SECONDS = 20.0
_SOCIETY_SHARE = 0.5
"""Of that time, what the society may take where data sets are made from it."""
_MARGIN = 0.7
"""How much of the time left a second sample may be planned to take."""
_FIRST_ACTIONS = 2_500
"""Turns of the first, small sample, by which it is known how long others would take."""
_WORTH_IT = 1.5
"""How much larger a second sample has to be."""
_MOST_PEOPLE = 2_000
"""People that are put into groups; of more, so many by lot."""
_MOST_LOOKED_AT = 500
"""People that the anonymiser is asked about."""
_FURTHER_WINDOWS = 2
"""Windows beyond the first stage of a quota that are played at least, where it needs them."""
_IN_FLIGHT = 64

Wrap = Callable[[LLM], LLM]
"""Puts something around the stub."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a part of a run asked of its models, and how large a part it was."""

    counts: Counts
    """Of the part of the society that was played, to the horizon or the first stage of a quota."""
    further: Counts
    """Of the part that was played, in rounds that a quota needed beyond that."""
    rounds: int
    """How many such rounds there were."""
    people: int
    """In all."""
    groups: int
    """In all."""
    ticks: int
    """Of each group, in the horizon or the first stage of a quota."""
    window: int
    """Ticks of a window."""
    played_people: int
    played_groups: int
    looked_at: int
    """People that the anonymiser was asked about."""
    actions: int
    """Turns that came to something, of the part that was played."""
    end: SimulationEnd
    """Of the part that was played."""
    making: DryMaking
    """Of the data sets."""
    seconds: float
    """What it took."""

    @property
    def sampled(self) -> bool:
        """Whether it is a part only."""
        return self.played_groups < self.groups

    @property
    def scenarios(self) -> float:
        """How many all of it will have, about."""
        return self.end.scenarios * self.groups / max(1, self.played_groups)

    def factor(self, kind: Kind) -> float:
        """By what the society's figures of a kind have to be multiplied for all of the society."""
        if kind[0] is Role.ANONYMISER:
            return self.people / max(1, self.looked_at)
        if kind[0] is Role.AGENT:
            return self.people / max(1, self.played_people)
        return self.groups / max(1, self.played_groups)


def dry_run(
    config: RunConfig,
    personas: Sequence[Persona],
    prompts: PromptLibrary,
    *,
    clock: Callable[[], float],
    most_actions: int = MOST_ACTIONS,
    most_rows: int = MOST_ROWS,
    wrap: Wrap = lambda llm: llm,
) -> DryRun:
    """Play a society on the stub to its horizon and make its data sets; or a sample of both.

    Args:
        config: of the run; no endpoint of it is asked.
        personas: the selected people.
        prompts: of the run.
        clock: seconds, monotonic.
        most_actions: how many turns are played at most, about.
        most_rows: how many rows of each data set are made at most.
        wrap: puts something around the stub.

    Raises:
        UsageError: the bounds of `group_size` cannot be kept with so many people; or the facets
            of the data sets, or a benchmark file, are no good.
    """
    begun = clock()
    share = _SOCIETY_SHARE if config.datasets else 1.0
    groups = count_groups(len(personas), config.society)
    ticks = horizon_of(config.society, groups).first().end
    stubbed = on_the_stub(config)
    living = _at_most(personas, _MOST_PEOPLE, config.seed)
    embedding = embedding_of(stubbed, RunStore.in_memory())
    society = found_society(stubbed, living, prompts, embedding).society
    with ExitStack() as stores:
        player = _Player(stubbed, prompts, groups, wrap, stores)
        founded = clock()
        most = max(1, most_actions // max(1, ticks))
        sample = sample_of(society, min(most, max(1, _FIRST_ACTIONS // max(1, ticks))), config.seed)
        played = asyncio.run(player.play(sample))
        took, left = max(1e-6, clock() - founded), share * MOST_SECONDS - (clock() - begun)
        affordable = max(0, int(sample.people * _MARGIN * left / took))
        larger = sample_of(society, min(most, affordable), config.seed)
        if larger.people >= min(_WORTH_IT * sample.people, len(living)) and not sample.whole:
            sample, played = larger, asyncio.run(player.play(larger))
        counts, looked_at = dict(played.counts), personas[:0]
        if config.personas.anonymised == "llm":
            looked_at = _at_most(personas, _MOST_LOOKED_AT, config.seed)
            counts |= asyncio.run(player.look(looked_at))
        making = DryMaking()
        if config.datasets:
            until = begun + MOST_SECONDS
            making = asyncio.run(player.make(played, clock, until, most_rows))
    return DryRun(
        counts=counts,
        further=played.further,
        rounds=played.end.rounds,
        people=len(personas),
        groups=groups,
        ticks=ticks,
        window=config.society.scenario_window,
        played_people=sample.people,
        played_groups=sample.groups,
        looked_at=len(looked_at),
        actions=played.actions,
        end=played.end,
        making=making,
        seconds=clock() - begun,
    )


@dataclass(frozen=True, slots=True)
class _Played:
    counts: Counts
    further: Counts
    end: SimulationEnd
    actions: int
    society: Society
    """With the settings of the part."""
    store: RunStore


@dataclass(frozen=True, slots=True)
class _Player:
    config: RunConfig
    prompts: PromptLibrary
    groups: int
    """Of the whole society."""
    wrap: Wrap
    stores: ExitStack
    """Closes what was played in."""

    async def play(self, sample: Sample) -> _Played:
        share = sample.groups / self.groups
        settings = _scaled(self.config.society, sample.groups, self.groups)
        society = replace(sample.society, settings=settings)
        backends, llm = self._models()
        meter = Meter(llm, PrefixCache(round(share * PREFIX_CACHE_TOKENS), COARSE_BLOCK_TOKENS))
        store = self.stores.enter_context(RunStore.in_memory())
        rehearsal = Rehearsal(self.config, society, self.prompts, meter, InlineCommit(store))
        simulation = rehearsal.simulation(
            store.progress(sample.groups, settings.scenario_window),
            plan=replace(
                rehearsal.plan,
                neighbours=sample.neighbours,
                horizon=horizon_of(settings, sample.groups),
            ),
            groups=SampledGroups(OwnGroups(rehearsal.group), sample),
        )
        meter.further = lambda: simulation.stage.round > 0
        end = await simulation.run()
        await backends.close()
        actions = simulation.tally.actions
        return _Played(meter.counts, meter.further_counts, end, actions, society, store)

    async def make(
        self, played: _Played, clock: Callable[[], float], until: float, most_rows: int
    ) -> DryMaking:
        backends, llm = self._models(played_roles(self.config))
        maker = DryMaker(
            self.config.model_copy(update={"society": played.society.settings}),
            played.society,
            self.prompts,
            load_facets(self.config.language, self.config.prompts),
            InlineCommit(played.store),
            llm,
        )
        made = await maker.make(
            scenarios=played.end.scenarios, clock=clock, until=until, most_rows=most_rows
        )
        await backends.close()
        return made

    async def look(self, personas: Sequence[Persona]) -> Counts:
        backends, llm = self._models((Role.ANONYMISER,))
        meter = Meter(llm)
        terms = ReplyTerms.of(model_of(self.config.models, Role.ANONYMISER))
        await look_closely(meter, self.prompts, personas, terms=terms, width=_IN_FLIGHT)
        await backends.close()
        return meter.counts

    def _models(self, roles: Sequence[Role] | None = None) -> tuple[Backends, LLM]:
        config = self.config
        backends = Backends(config.models, {}, self.prompts, seed=config.seed, roles=roles)
        return backends, self.wrap(Unkept(backends.of_role))


def _scaled(society: SocietyConfig, played: int, groups: int) -> SocietyConfig:
    """The settings for a part of the groups: its share of a quota, and a bound to its rounds."""
    if society.scenarios is None:
        return society
    quota = math.ceil(society.scenarios * played / groups)
    first = math.ceil(quota / played)
    most = min(society.max_windows, first + max(_FURTHER_WINDOWS, first // 2))
    return society.model_copy(update={"scenarios": quota, "max_windows": most})


def _at_most(personas: Sequence[Persona], most: int, seed: int) -> Sequence[Persona]:
    if len(personas) <= most:
        return personas
    chosen = named_random(seed, "sample", "people").sample(range(len(personas)), most)
    return [personas[number] for number in sorted(chosen)]
