"""Which people are for training and which for testing.

It is people that are split, not rows: what a model is tested on was asked by nobody that it has
seen. A person's side is a function of the run's seed and the person alone, so a data set that
grows moves nobody, and two data sets of one run can be used one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matrix_sim.randomness import named_random

SplitName = Literal["train", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "test")
TEST_SHARE = 0.1
"""Of the people, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class PersonaSplit:
    """A share of the people is for testing."""

    seed: int
    """The run's."""
    test_share: float
    """From 0 to 1, on average: each person falls on one side alone."""

    def of(self, persona: str) -> SplitName:
        """The side of the persona with this id."""
        drawn = named_random(self.seed, "split", persona).random()
        return "test" if drawn < self.test_share else "train"
