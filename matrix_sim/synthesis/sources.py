"""What a data set grows from: chosen once, committed, and from then on only read (S9).

So its identity need not say which scenarios there were: it grows from those of its beginning,
whatever becomes of the society, and another data set is begun with those that there are then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.errors import RunFailure
from matrix_sim.llm.ask_directions import ask_directions
from matrix_sim.llm.contracts import LLM, Address
from matrix_sim.messages import Scenario
from matrix_sim.store.adapters import StoreChannel
from matrix_sim.store.writes import PutEvent, ReadEvents
from matrix_sim.synthesis.contracts import Source
from matrix_sim.synthesis.retrieval import (
    SOURCES_EVENT,
    decode_sources,
    encode_sources,
    has_requirement,
    people,
    relevant,
    scenario_text,
    spread,
)
from matrix_sim.synthesis.similarity import (
    Cosines,
    DirectionSimilarity,
    NgramSimilarity,
    Similarity,
)
from matrix_sim.text import clip, printable

BATCH = 64
"""Scenarios whose vectors one request asks for."""
_SHOWN, _SHOWN_CHARACTERS = 3, 70
"""Of the scenarios that come nearest, where none fits: so many, and so much of each."""

_BY_CHARACTERS = (
    ". Without a model, what counts is which of its characters a scenario has; "
    "'models.embedding' goes by what is meant"
)


class Sources:
    """The sources of the data sets of a run."""

    def __init__(self, config: RunConfig, people: int, llm: LLM, channel: StoreChannel) -> None:
        """`people` is how many live in the society."""
        self._config = config
        self._people = people
        self._llm = llm
        self._channel = channel

    async def of(self, dataset: DatasetConfig, scenarios: Sequence[Scenario]) -> tuple[Source, ...]:
        """What was chosen for a data set: read where that was done before, else committed.

        Args:
            dataset: which one.
            scenarios: all that there are, in the order (window, group).

        Raises:
            EnvironmentalFailure: no vectors were to be had now.
            RunFailure: no scenario fits its requirement.
        """
        events = cast("dict[str, bytes]", await self._channel.submit(ReadEvents(SOURCES_EVENT)))
        body = events.get(dataset.label)
        if body is None:
            chosen = await self._choose(dataset, scenarios)
            event = PutEvent(SOURCES_EVENT, dataset.label, encode_sources(chosen))
            body = cast("bytes", await self._channel.submit(event))
        return decode_sources(body)

    async def _choose(
        self, dataset: DatasetConfig, scenarios: Sequence[Scenario]
    ) -> tuple[Source, ...]:
        seed = self._config.seed
        if dataset.ground == "persona":
            return people(self._people, seed, dataset.label)
        if not scenarios:
            raise _no_scenario(dataset)
        if not has_requirement(dataset):
            return spread(scenarios, seed, dataset.label)
        similarity = await self._similarity(dataset, scenarios)
        chosen = relevant(scenarios, similarity, dataset, seed)
        if not chosen:  # not to be committed: another floor is another data set's matter
            by_model = not self._config.models.embedding.local
            fits = similarity.to_requirement()
            raise _nothing_fits(dataset, scenarios, fits, by_model=by_model)
        return chosen

    async def _similarity(
        self, dataset: DatasetConfig, scenarios: Sequence[Scenario]
    ) -> Similarity:
        texts = [scenario_text(scenario) for scenario in scenarios]
        if self._config.models.embedding.local:
            return NgramSimilarity(texts, dataset.requirement)
        batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
        found = await asyncio.gather(
            self._ask(f"embed/{dataset.label}/requirement", [dataset.requirement]),
            *(
                self._ask(f"embed/scenarios/b{number:05d}", batch)
                for number, batch in enumerate(batches)
            ),
        )
        (wanted,), *others = found
        return DirectionSimilarity([one for batch in others for one in batch], wanted)

    async def _ask(self, address: str, texts: Sequence[str]) -> tuple[bytes, ...]:
        return await ask_directions(self._llm, Address(address), texts)


def _no_scenario(dataset: DatasetConfig) -> RunFailure:
    return RunFailure(
        f"the data set '{dataset.label}' has nothing to grow from: there is no scenario. "
        "Give the society more ticks, or the data set 'ground: persona'"
    )


def _nothing_fits(
    dataset: DatasetConfig, scenarios: Sequence[Scenario], fits: Cosines, *, by_model: bool
) -> RunFailure:
    nearest = [int(n) for n in (-fits).argsort(kind="stable")[:_SHOWN]]
    told = [
        f"  {fits[n]:.3f}  {printable(clip(_in_a_line(scenarios[n]), _SHOWN_CHARACTERS))}"
        for n in nearest
    ]
    how = "" if by_model else _BY_CHARACTERS
    return RunFailure(
        f"the data set '{dataset.label}': none of {len(scenarios)} scenarios is similar enough to "
        f"'{dataset.requirement}' (similarity_floor: {dataset.similarity_floor:g}). The nearest:\n"
        + "\n".join(told)
        + "\nIf these are what you want, lower 'similarity_floor' to what stands before them. If "
        "not, put the requirement in words that people in the scenarios use, or have people in "
        f"the society who deal with it ('personas'){how}"
    )


def _in_a_line(scenario: Scenario) -> str:
    return " ".join(scenario_text(scenario).split())
