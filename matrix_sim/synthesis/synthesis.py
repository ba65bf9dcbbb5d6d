"""Makes all data sets of a run from its finished society, without knowing where models live."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import cast

import numpy as np

from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.config.roles import model_of
from matrix_sim.directions import decode_directions
from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import LLM, Address, Message, Request, Role
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import Goal, Scenario, TickReport
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.quality.rules import Rules, memories_of
from matrix_sim.quality.vectors import Vector
from matrix_sim.society.agent import Agent
from matrix_sim.society.settings import agent_settings
from matrix_sim.society.simulation import RunStopped
from matrix_sim.society.society import Society
from matrix_sim.store.adapters import StoreChannel
from matrix_sim.store.writes import (
    CommitCandidate,
    PutEvent,
    ReadCandidates,
    ReadEvents,
    ReadReports,
    ReadScenarios,
)
from matrix_sim.synthesis.asking import Asker, Patient
from matrix_sim.synthesis.contracts import (
    Candidate,
    Draw,
    Opening,
    Source,
    candidate_address,
)
from matrix_sim.synthesis.draws import Draws
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.judging import RowJudge
from matrix_sim.synthesis.kinds import recipe_of
from matrix_sim.synthesis.likeness import DirectionLikeness, Likeness, NgramLikeness
from matrix_sim.synthesis.making import Count, Making, Standards
from matrix_sim.synthesis.retrieval import (
    EVENT,
    decode_sources,
    encode_sources,
    has_requirement,
    people,
    relevant,
    scenario_text,
    spread,
)
from matrix_sim.synthesis.situations import Situations
from matrix_sim.text import clip

BATCH = 64
"""Scenarios whose vectors one request asks for."""
_CHARACTERS = 2000
"""Of a scenario, where vectors are asked for."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What data sets are made with."""

    config: RunConfig
    society: Society
    prompts: PromptLibrary
    facets: Facets


class Synthesis:
    """Goes on from what the store holds; a data set that has all its rows costs nothing."""

    def __init__(self, workshop: Workshop, llm: LLM, channel: StoreChannel) -> None:
        self._workshop = workshop
        self._llm = Patient(llm)
        self._channel = channel
        self._makings: dict[str, Making] = {}
        self._stopped = False

    @property
    def counts(self) -> tuple[Count, ...]:
        """How far the data sets are; those only that have been begun."""
        labels = [dataset.label for dataset in self._workshop.config.datasets]
        begun = [self._makings[label] for label in labels if label in self._makings]
        return tuple(making.count for making in begun)

    def stop(self) -> None:
        """Begin nothing more; `run` then raises `RunStopped`."""
        self._stopped = True
        for making in self._makings.values():
            making.stop()

    async def run(self) -> tuple[Count, ...]:
        """Make what is missing of all data sets, at once.

        Raises:
            EnvironmentalFailure: it could not go on; what is done is kept.
            RunFailure: no scenario fits a data set's requirement.
            RunStopped: `stop` was called.
        """
        scenarios = await self._scenarios()
        situations = Situations(
            self._workshop.society,
            scenarios,
            self._workshop.prompts,
            self._reports,
            self._first_goal,
        )
        datasets = self._workshop.config.datasets
        makings = [self._make(dataset, scenarios, situations) for dataset in datasets]
        # One that cannot be made keeps no other from it.
        results = await asyncio.gather(*makings, return_exceptions=True)
        if self._stopped:
            raise RunStopped
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return self.counts

    async def _make(
        self, dataset: DatasetConfig, scenarios: Sequence[Scenario], situations: Situations
    ) -> None:
        making = await self._making(dataset, scenarios, situations)
        self._makings[dataset.label] = making
        if self._stopped:
            making.stop()
        await making.run()

    async def _scenarios(self) -> tuple[Scenario, ...]:
        scenarios = cast("tuple[Scenario, ...]", await self._channel.submit(ReadScenarios()))
        return tuple(islice(scenarios, self._workshop.config.society.scenarios))

    async def _reports(self, group: int) -> tuple[TickReport, ...]:
        return cast("tuple[TickReport, ...]", await self._channel.submit(ReadReports(group)))

    async def _first_goal(self, agent: int) -> Goal | None:
        workshop = self._workshop
        terms = ReplyTerms.of(model_of(workshop.config.models, Role.AGENT))
        settings = agent_settings(workshop.society.settings, terms)
        member = workshop.society.members[agent]
        person = Agent(member, settings, workshop.prompts, self._llm, ())
        goal = await person.first_goal()
        return goal if goal.plan else None

    async def _making(
        self, dataset: DatasetConfig, scenarios: Sequence[Scenario], situations: Situations
    ) -> Making:
        workshop = self._workshop
        config, quality = workshop.config, workshop.config.quality
        sources = await self._sources(dataset, scenarios)
        asker = Asker(dataset.label, self._llm, workshop.prompts, config.models)
        judge = RowJudge(asker, quality.judge.least) if quality.judge.enabled else None
        known = await self._channel.submit(ReadCandidates(dataset.label))
        return Making(
            dataset,
            recipe_of(dataset, asker, situations, workshop.facets, config.seed),
            Draws(dataset, sources, workshop.facets, config.seed),
            Standards(
                Rules(quality, config.language),
                memories_of(quality),
                judge,
                partial(self._vector_of, dataset.label),
            ),
            cast("tuple[Candidate, ...]", known),
            self._commit,
            # A candidate waits for one reply at a time, mostly, and now and then for its turn.
            most=2 * config.runtime.max_in_flight,
        )

    async def _vector_of(self, label: str, draw: Draw, opening: Opening) -> Vector | None:
        config = self._workshop.config
        compares = config.quality.near_duplicate
        if config.models.embedding.local or not compares.enabled or compares.cosine is None:
            return None
        address = candidate_address(label, draw.number, "vector")
        (direction,) = await self._directions(address, [opening.text])
        return np.frombuffer(direction, np.int8).astype(np.float32)

    async def _commit(self, candidate: Candidate) -> None:
        await self._channel.submit(CommitCandidate(candidate))

    # What a data set grows from.

    async def _sources(
        self, dataset: DatasetConfig, scenarios: Sequence[Scenario]
    ) -> tuple[Source, ...]:
        """What was chosen for it: read where that was done before, else committed."""
        events = cast("dict[str, bytes]", await self._channel.submit(ReadEvents(EVENT)))
        body = events.get(dataset.label)
        if body is None:
            chosen = await self._choose(dataset, scenarios)
            event = PutEvent(EVENT, dataset.label, encode_sources(chosen))
            body = cast("bytes", await self._channel.submit(event))
        sources = decode_sources(body)
        if not sources:
            raise RunFailure(_nothing_fits(dataset, len(scenarios)))
        return sources

    async def _choose(
        self, dataset: DatasetConfig, scenarios: Sequence[Scenario]
    ) -> tuple[Source, ...]:
        seed = self._workshop.config.seed
        if dataset.ground == "persona":
            return people(len(self._workshop.society.members), seed, dataset.label)
        if not scenarios:
            raise RunFailure(_nothing_fits(dataset, 0))
        if not has_requirement(dataset):
            return spread(scenarios, seed, dataset.label)
        chosen = relevant(scenarios, await self._likeness(dataset, scenarios), dataset, seed)
        if not chosen:  # not to be committed: another floor is another data set's matter
            raise RunFailure(_nothing_fits(dataset, len(scenarios)))
        return chosen

    async def _likeness(self, dataset: DatasetConfig, scenarios: Sequence[Scenario]) -> Likeness:
        texts = [scenario_text(scenario) for scenario in scenarios]
        if self._workshop.config.models.embedding.local:
            return NgramLikeness(texts, dataset.requirement)
        batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
        found = await asyncio.gather(
            self._directions(f"embed/{dataset.label}/requirement", [dataset.requirement]),
            *(
                self._directions(f"embed/scenarios/b{number:05d}", batch)
                for number, batch in enumerate(batches)
            ),
        )
        (wanted,), *others = found
        return DirectionLikeness([one for batch in others for one in batch], wanted)

    async def _directions(self, address: str, texts: Sequence[str]) -> tuple[bytes, ...]:
        request = Request(
            address=Address(address),
            role=Role.EMBEDDING,
            messages=tuple(Message("user", clip(text, _CHARACTERS)) for text in texts),
            max_tokens=0,
        )
        return decode_directions((await self._llm.complete(request)).text)


def _nothing_fits(dataset: DatasetConfig, scenarios: int) -> str:
    if not scenarios:
        return (
            f"the data set '{dataset.label}' has nothing to grow from: there is no scenario. "
            "Give the society more ticks, or the data set 'ground: persona'"
        )
    return (
        f"the data set '{dataset.label}': none of {scenarios} scenarios is similar enough to "
        f"'{dataset.requirement}'; lower 'similarity_floor' ({dataset.similarity_floor:g}), or put "
        "the requirement in words that people in the scenarios would use"
    )
