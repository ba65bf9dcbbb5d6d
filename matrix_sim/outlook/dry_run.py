"""A society played on the stub, so that what it would ask of its models can be counted.

Nobody is asked and nothing is paid: the config's own people, settings, language and prompts, but
every model is the embedded stub, and people are grouped by vectors that are made here.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matrix_sim.config import ModelConfig, ModelsConfig, RunConfig, SocietyConfig, StubConfig
from matrix_sim.founding import found_society
from matrix_sim.llm.backends import Backends, model_of
from matrix_sim.llm.contracts import LLM, Role
from matrix_sim.llm.prefix_cache import COARSE_BLOCK_TOKENS, PREFIX_CACHE_TOKENS, PrefixCache
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.llm.stub.faults import FaultPlan
from matrix_sim.outlook.meter import Counts, Kind, Meter
from matrix_sim.outlook.sample import Sample, SampledGroups, sample_of
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
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore

MOST_ACTIONS = 10_000
"""Turns that are played, at most, about; a config with more of them is sampled."""
MOST_SECONDS = 20.0
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
    """What a part of a society asked of its models, and how large a part it was."""

    counts: Counts
    """Of the part that was played, as far as the horizon or the first stage of a quota."""
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
    seconds: float
    """What it took."""

    @property
    def sampled(self) -> bool:
        """Whether it is a part only."""
        return self.played_groups < self.groups

    def factor(self, kind: Kind) -> float:
        """By what the figures of a kind have to be multiplied for all of the society."""
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
    wrap: Wrap = lambda llm: llm,
) -> DryRun:
    """Play a society on the stub to its horizon, or a sample of it.

    Args:
        config: of the run; no endpoint of it is asked.
        personas: the selected people.
        prompts: of the run.
        clock: seconds, monotonic.
        most_actions: how many turns are played at most, about.
        wrap: puts something around the stub.

    Raises:
        UsageError: the bounds of `group_size` cannot be kept with so many people.
    """
    begun = clock()
    groups = count_groups(len(personas), config.society)
    ticks = horizon_of(config.society, groups).first().end
    stubbed = _on_the_stub(config)
    living = _at_most(personas, _MOST_PEOPLE, config.seed)
    embedding = embedding_of(stubbed, RunStore.in_memory())
    society = found_society(stubbed, living, prompts, embedding).society
    player = _Player(stubbed, prompts, groups, wrap)
    founded = clock()
    most = max(1, most_actions // ticks)
    sample = sample_of(society, min(most, max(1, _FIRST_ACTIONS // ticks)), config.seed)
    played = asyncio.run(player.play(sample))
    took, left = max(1e-6, clock() - founded), MOST_SECONDS - (clock() - begun)
    affordable = max(0, int(sample.people * _MARGIN * left / took))
    larger = sample_of(society, min(most, affordable), config.seed)
    if larger.people >= min(_WORTH_IT * sample.people, len(living)) and not sample.whole:
        sample, played = larger, asyncio.run(player.play(larger))
    counts, looked_at = dict(played.counts), personas[:0]
    if config.personas.anonymised == "llm":
        looked_at = _at_most(personas, _MOST_LOOKED_AT, config.seed)
        counts |= asyncio.run(player.look(looked_at))
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
        seconds=clock() - begun,
    )


@dataclass(frozen=True, slots=True)
class _Played:
    counts: Counts
    further: Counts
    end: SimulationEnd
    actions: int


@dataclass(frozen=True, slots=True)
class _Player:
    config: RunConfig
    prompts: PromptLibrary
    groups: int
    """Of the whole society."""
    wrap: Wrap

    async def play(self, sample: Sample) -> _Played:
        share = sample.groups / self.groups
        settings = _scaled(self.config.society, sample.groups, self.groups)
        society = replace(sample.society, settings=settings)
        backends, llm = self._models()
        meter = Meter(llm, PrefixCache(round(share * PREFIX_CACHE_TOKENS), COARSE_BLOCK_TOKENS))
        with RunStore.in_memory() as store:
            channel = InlineCommit(store)
            rehearsal = Rehearsal(self.config, society, self.prompts, meter, channel)
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
        return _Played(meter.counts, meter.further_counts, end, simulation.tally.actions)

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


def _on_the_stub(config: RunConfig) -> RunConfig:
    """The config with the stub for every model."""
    models = config.models
    stubbed = ModelsConfig(
        default=_stub_of(models.default),
        agent=models.agent and _stub_of(models.agent),
        modulator=models.modulator and _stub_of(models.modulator),
        anonymiser=models.anonymiser and _stub_of(models.anonymiser),
        embedding=models.embedding if models.embedding.local else _stub_of(models.embedding),
    )
    return config.model_copy(update={"models": stubbed, "secrets": {}})


def _stub_of(model: ModelConfig) -> ModelConfig:
    stub = model.stub or StubConfig()
    # What spoils a reply is asked about again, and counts; what keeps one back only takes time.
    spoiling = FaultPlan(0, stub.faults).outcome_rates
    return ModelConfig(
        stub=StubConfig(faults=dict(spoiling), reasoning=stub.reasoning),
        max_tokens=model.max_tokens,
        max_tokens_limit=model.max_tokens_limit,
    )


def _at_most(personas: Sequence[Persona], most: int, seed: int) -> Sequence[Persona]:
    if len(personas) <= most:
        return personas
    chosen = named_random(seed, "sample", "people").sample(range(len(personas)), most)
    return [personas[number] for number in sorted(chosen)]
