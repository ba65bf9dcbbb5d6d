"""What requests may be like: options with weights, from data files (`facets.yaml`).

A facet is one way in which candidates differ: what is asked for (`task`), how hard it is
(`complexity`), how it is put (`style`); for code its language, for safety the area of risk and
how far it goes, for dialogues how the user follows up (`move`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, get_args

from pydantic import Field

from matrix_sim.canonical import canonical_json
from matrix_sim.config.datasets import Complexity, DatasetKind
from matrix_sim.config.section import Section
from matrix_sim.society.replies import Sentence

MOVE = "move"
"""Drawn for each further turn of a dialogue."""
FACETS: Mapping[DatasetKind, tuple[str, ...]] = {
    "sft": ("task", "complexity", "style"),
    "reason": ("task", "complexity", "style"),
    "dpo": ("task", "complexity", "style"),
    "dialogue": ("task", "complexity", "style"),
    "code": ("code_task", "code_language", "complexity", "style"),
    "safety": ("risk", "degree", "complexity", "style"),
}
"""What is drawn for a candidate of each kind, in this order."""

Level = Literal["simple", "complex"]
_KINDS: tuple[DatasetKind, ...] = get_args(DatasetKind)


class Option(Section):
    """One thing that may be drawn."""

    name: str = Field(
        pattern="^[a-z][a-z0-9_]*$",
        description="a word of small letters, digits and '_', such as 'how_to'",
    )
    """How rows and summaries call it."""
    text: Sentence = Field(description="text for the prompt, not empty")
    """What the prompt says, in the language of the run."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How often it is drawn, relative to the others."""
    kinds: tuple[DatasetKind, ...] = Field(
        default=(), description=f"a list of data sets that it is for, of: {', '.join(_KINDS)}"
    )
    """Data sets that it is for; empty: all."""
    level: Level | None = None
    """Of what is only for simple or only for complex requests: for data sets of that `complexity`,
    and for those that mix both."""


class Facets(Section):
    """All options by facet."""

    options: Mapping[str, tuple[Option, ...]]

    def draw(self, facet: str, kind: DatasetKind, level: Complexity, lot: random.Random) -> str:
        """The name of one option for a data set of that kind and level, by weight."""
        fit = fitting(self.options[facet], kind, level)
        return lot.choices(fit, [option.weight for option in fit])[0].name

    def text(self, facet: str, name: str) -> str:
        """What the prompt says of an option.

        Raises:
            KeyError: there is none of that name.
        """
        for option in self.options[facet]:
            if option.name == name:
                return option.text
        raise KeyError(f"{facet}: {name}")

    def canonical(self, kind: DatasetKind, level: Complexity) -> bytes:
        """What a data set of that kind and level draws from, as JSON for its identity (S1).

        Other facets, and options that are never drawn for it, may change without changing it.
        """
        drawn_from = {
            facet: [
                [option.name, option.text, option.weight]
                for option in fitting(self.options[facet], kind, level)
            ]
            for facet in facets_of(kind)
        }
        return canonical_json(drawn_from)


def facets_of(kind: DatasetKind) -> tuple[str, ...]:
    """Everything that is drawn for data sets of a kind, over all turns."""
    return (*FACETS[kind], MOVE) if kind == "dialogue" else FACETS[kind]


def fitting(options: Sequence[Option], kind: DatasetKind, level: Complexity) -> list[Option]:
    """The options that may be drawn for a data set of that kind and level (or `mixed`)."""
    return [
        option
        for option in options
        if (not option.kinds or kind in option.kinds)
        and (option.level is None or level in ("mixed", option.level))
    ]
