"""What requests may be like: options with weights, from data files (`facets.yaml`).

A facet is one way in which candidates differ: what is asked for (`task`), how hard it is
(`complexity`), how it is put (`style`); for code its language, for safety the area of risk and
how far it goes, for dialogues how the user follows up (`move`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Annotated

from pydantic import Field

from matrix_sim.config.datasets import DatasetKind
from matrix_sim.config.section import Section

FACETS: Mapping[DatasetKind, tuple[str, ...]] = {
    "sft": ("task", "complexity", "style"),
    "reason": ("task", "complexity", "style"),
    "dpo": ("task", "complexity", "style"),
    "dialogue": ("task", "complexity", "style"),
    "code": ("code_task", "code_language", "complexity", "style"),
    "safety": ("risk", "degree", "complexity", "style"),
}
"""What is drawn for a candidate of each kind, in this order. `move` is drawn for each further
turn of a dialogue."""


class Option(Section):
    """One thing that may be drawn."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    """How rows and summaries call it."""
    text: Annotated[str, Field(min_length=1)]
    """What the prompt says, in the language of the run."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How often it is drawn, relative to the others."""
    kinds: tuple[DatasetKind, ...] = ()
    """Data sets that it is for; empty: all."""
    level: Annotated[str, Field(pattern="^(simple|complex)$")] | None = None
    """Of a complexity: which of the two it counts as (`datasets.complexity`)."""


class Facets(Section):
    """All options by facet."""

    options: Mapping[str, tuple[Option, ...]]

    def draw(self, facet: str, kind: DatasetKind, level: str, random: Random) -> str:
        """The name of one option for a data set of that kind and level, by weight."""
        fit = self._fitting(facet, kind, level)
        return random.choices(fit, [option.weight for option in fit])[0].name

    def text(self, facet: str, name: str) -> str:
        """What the prompt says of an option.

        Raises:
            KeyError: there is none of that name.
        """
        for option in self.options[facet]:
            if option.name == name:
                return option.text
        raise KeyError(f"{facet}: {name}")

    def _fitting(self, facet: str, kind: DatasetKind, level: str) -> Sequence[Option]:
        return [
            option
            for option in self.options[facet]
            if (not option.kinds or kind in option.kinds)
            and (option.level is None or level in ("mixed", option.level))
        ]
