"""Makes all data sets of a run from its finished society, without knowing where models live."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np

from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.config.roles import model_of
from matrix_sim.llm.ask_directions import ask_directions
from matrix_sim.llm.contracts import LLM, Address, Role
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
    ReadCandidates,
    ReadReports,
    ReadScenarios,
)
from matrix_sim.synthesis.access import Door, Patient
from matrix_sim.synthesis.asking import Asker
from matrix_sim.synthesis.contracts import (
    Candidate,
    Draw,
    Opening,
    candidate_address,
)
from matrix_sim.synthesis.draws import Draws
from matrix_sim.synthesis.facets import Facets
from matrix_sim.synthesis.judging import RowJudge
from matrix_sim.synthesis.kinds import recipe_of
from matrix_sim.synthesis.making import Count, Making, Standards
from matrix_sim.synthesis.situations import Situations
from matrix_sim.synthesis.sources import Sources


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
        people = len(workshop.society.members)
        self._sources = Sources(workshop.config, people, self._llm, channel)
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
        # All of them: a data set goes on with those of its beginning, also under a smaller quota.
        scenarios = cast("tuple[Scenario, ...]", await self._channel.submit(ReadScenarios()))
        situations = Situations(
            self._workshop.society,
            scenarios,
            self._workshop.prompts,
            self._reports,
            self._first_goal,
        )
        datasets = self._workshop.config.datasets
        offered = scenarios[: self._workshop.config.society.scenarios]
        makings = [self._make(dataset, offered, situations) for dataset in datasets]
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
        sources = await self._sources.of(dataset, scenarios)
        door = Door(self._llm)
        asker = Asker(dataset.label, door, workshop.prompts, config.models)
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
                partial(self._vector_of, dataset.label, door),
            ),
            door,
            cast("tuple[Candidate, ...]", known),
            self._commit,
            # A candidate waits for one reply at a time, mostly, and now and then for its turn.
            most=2 * config.runtime.max_in_flight,
        )

    async def _vector_of(self, label: str, llm: LLM, draw: Draw, opening: Opening) -> Vector | None:
        config = self._workshop.config
        compares = config.quality.near_duplicate
        if config.models.embedding.local or not compares.enabled or compares.cosine is None:
            return None
        address = Address(candidate_address(label, draw.number, "vector"))
        (direction,) = await ask_directions(llm, address, [opening.text])
        return np.frombuffer(direction, np.int8).astype(np.float32)

    async def _commit(self, candidate: Candidate) -> None:
        await self._channel.submit(CommitCandidate(candidate))
