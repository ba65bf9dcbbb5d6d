"""The values of the synthesis: what a candidate grows from, and what it comes to.

Candidate n of a data set is a function of its number (S8): of a `Draw`, and of what models reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from matrix_sim.messages import Failure, Goal, Observation
from matrix_sim.quality.contracts import Row, Turn, Verdict

Labels = Mapping[str, str | int | float | bool]


def candidate_address(dataset: str, number: int, part: str) -> str:
    """`sft/c000123/instruction`: the address of a call for a candidate."""
    return f"{dataset}/c{number:06d}/{part}"


@dataclass(frozen=True, slots=True)
class Source:
    """A scenario that a data set may use, or a person where nothing but people is used."""

    window: int
    """-1: no scenario."""
    group: int
    agents: tuple[int, ...]
    """Who may ask, in the order in which they are taken."""
    similarity: float | None = None
    """Cosine with the requirement; None for `general`."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a candidate is to be: decided by its number and the seed alone."""

    number: int
    window: int
    """Of the scenario; -1: none."""
    group: int
    agent: int
    facets: Mapping[str, str]
    """Per facet (`task`, `complexity`, `style`, ...) the name of the option that was drawn."""
    turns: int = 1
    """How often the user of a dialogue may speak at most."""

    @property
    def from_scenario(self) -> bool:
        """Whether it grows from a scenario, and not from a person alone."""
        return self.window >= 0


@dataclass(frozen=True, slots=True)
class Situation:
    """What the one who asks brings along: all that a prompt is told of the society."""

    profile: str
    goal: Goal | None
    did: tuple[str, ...]
    """Its own actions in the scenario, in order."""
    seen: tuple[Observation, ...]
    """What it became aware of, in order."""
    summary: str
    """Of the scenario; may be empty."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What the user of a dialogue is after; the assistant never sees it."""

    want: str
    satisfied_when: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The user's first message."""

    text: str
    intent: Intent | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A candidate that came to its end, before it is looked at."""

    turns: tuple[Turn, ...]
    chosen: str = ""
    chosen_reasoning: str = ""
    rejected: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    """Per role the model that replied, as its endpoint calls it."""
    labels: Labels = field(default_factory=dict)
    """What is told of it beside the texts: ratings, areas of risk, why a dialogue ended."""
    verdicts: tuple[Verdict, ...] = ()
    """What its making says of it already, such as a pair without a margin."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A call of a candidate that failed for good (S3)."""

    failure: Failure
    part: str
    """The last part of its address."""
    others: tuple[str, ...] = ()
    """The same of those that were asked beside it and failed too."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Of all calls that failed."""
        return (self.part, *self.others)


class Recipe(Protocol):
    """How rows of one kind are made."""

    async def open(self, draw: Draw) -> Opening | Failed:
        """The user's first message.

        Raises:
            EnvironmentalFailure: no reply was to be had now.
        """
        ...

    async def finish(self, draw: Draw, opening: Opening) -> Completion | Failed:
        """What follows on it.

        Raises:
            EnvironmentalFailure: no reply was to be had now.
        """
        ...

    async def weigh(self, draw: Draw, completion: Completion) -> Completion | Failed:
        """What costs and is asked of those only that have passed all rules.

        Raises:
            EnvironmentalFailure: no reply was to be had now.
        """
        ...

    def row(self, completion: Completion) -> Row:
        """How the checks see it."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """What became of a candidate: committed once, then only read."""

    dataset: str
    draw: Draw
    accepted: bool
    completion: Completion | None
    """None: it did not get so far."""
    opening: Opening | None = None
    compared: bool = False
    """Whether those after it are compared with it, as one that passed the rules so far."""
    verdicts: tuple[Verdict, ...] = ()
    failure: Failed | None = None
    """Why it could not come to its end."""

    @property
    def refused_by(self) -> str | None:
        """The first check that it did not pass, or the failure; None for an accepted one."""
        if self.failure is not None:
            return f"failed: {self.failure.failure.value}"
        return next((verdict.check for verdict in self.verdicts if not verdict.ok), None)
