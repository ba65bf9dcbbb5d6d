"""From the number of a candidate to what it is to be: scenario, asker, task, style (S8)."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.randomness import named_random
from matrix_sim.synthesis.contracts import Draw, Source
from matrix_sim.synthesis.facets import FACETS, Facets


class Draws:
    """The candidates of one data set.

    Sources are taken in turn; each time round another of those who were in a scenario asks. So
    what is drawn never depends on how many rows are wanted, and a data set can grow.
    """

    def __init__(
        self, dataset: DatasetConfig, sources: Sequence[Source], facets: Facets, seed: int
    ) -> None:
        """`sources` must not be empty."""
        self._dataset = dataset
        self._sources = sources
        self._facets = facets
        self._seed = seed

    def of(self, number: int) -> Draw:
        """What candidate `number` is to be."""
        dataset = self._dataset
        lap, place = divmod(number, len(self._sources))
        source = self._sources[place]
        lot = named_random(self._seed, "draw", f"{dataset.label}/{number}")
        facets = {
            facet: self._facets.draw(facet, dataset.kind, dataset.level, lot)
            for facet in FACETS[dataset.kind]
        }
        return Draw(
            number=number,
            window=source.window,
            group=source.group,
            agent=source.agents[lap % len(source.agents)],
            facets=facets,
            turns=lot.randint(*dataset.turns) if dataset.kind == "dialogue" else 1,
        )
