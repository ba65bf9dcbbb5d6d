"""The rows of a preview: a few of each data set, from what a few people went through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from matrix_sim.config import DatasetConfig
from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import LLM
from matrix_sim.run_directory import OpenedRun
from matrix_sim.store.adapters import StoreChannel
from matrix_sim.store.group_commit import InlineCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import AwaitRoom, Item, ReadReports, ReadScenarios
from matrix_sim.synthesis.contracts import Candidate
from matrix_sim.synthesis.funnel import Funnel, funnel_of
from matrix_sim.synthesis.synthesis import Synthesis, Workshop

_TRIES = 2
"""Candidates per row that are tried at most: each is paid for."""


@dataclass(frozen=True, slots=True)
class PreviewedDataset:
    """What a preview made of a data set."""

    config: DatasetConfig
    """As it was made: of a few rows."""
    candidates: tuple[Candidate, ...]
    """In the order of their numbers; none where it has nothing to grow from."""
    problem: str = field(default="")
    """Why there are none."""

    @property
    def accepted(self) -> int:
        """How many of them are rows."""
        return self._funnel.accepted

    @property
    def refused(self) -> Mapping[str, int]:
        """The others, by the first check that they did not pass."""
        return self._funnel.refused

    @property
    def _funnel(self) -> Funnel:
        return funnel_of(self.candidates, self.config.count)


def few_rows(dataset: DatasetConfig, people: int) -> DatasetConfig:
    """A row for each of so few people.

    From whatever scenarios there are: that none of so few fits a requirement would mean nothing.
    """
    rows = min(people, dataset.count)
    return dataset.model_copy(
        update={
            "count": rows,
            "max_candidates": min(dataset.cap, _TRIES * rows),
            "similarity_floor": 0.0,
        }
    )


async def make_rows(
    run: OpenedRun, llm: LLM, channel: StoreChannel
) -> tuple[PreviewedDataset, ...]:
    """Make the rows, from the beginning in any case: what was asked before is in the journal.

    Raises:
        EnvironmentalFailure: an endpoint did not answer.
    """
    workshop = Workshop(run.config, run.society, run.prompts, run.facets)
    made = list[PreviewedDataset]()
    with RunStore.in_memory() as rows:
        try:
            await Synthesis(workshop, llm, _Apart(channel, InlineCommit(rows))).run()
            problem = ""
        except RunFailure as failure:  # one has nothing to grow from; the others were made
            problem = str(failure)
        for dataset in run.config.datasets:
            candidates = tuple(rows.candidates(dataset.label))
            made.append(PreviewedDataset(dataset, candidates, "" if candidates else problem))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Apart:
    """A channel by which rows are kept apart from the society that they grow from."""

    society: StoreChannel
    rows: StoreChannel

    async def submit(self, item: Item | AwaitRoom, /) -> object:
        of_the_society = isinstance(item, ReadReports | ReadScenarios)
        return await (self.society if of_the_society else self.rows).submit(item)
