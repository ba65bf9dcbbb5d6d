"""A society as it stands before its first tick: who is in it, in which group, next to whom."""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.config import SocietyConfig
from matrix_sim.personas.model import Persona


@dataclass(frozen=True, slots=True)
class Member:
    """A persona with its number in the run."""

    agent: int
    persona: Persona
    speaker: str
    """How the others know this person: a name and a few words."""
    direction: bytes = b""
    """Of the vector that this person was grouped by (`directions`)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Agents put together by homophily, and the groups that they may send to."""

    group: int
    members: tuple[int, ...]
    """Agents, ascending."""
    description: str
    """What the members share, in one line."""
    neighbours: tuple[int, ...]
    """Groups that envelopes may go to, most similar first."""


@dataclass(frozen=True, slots=True)
class Society:
    """Everything that is decided before the first tick; committed before it starts (S9)."""

    settings: SocietyConfig
    members: tuple[Member, ...]
    """By agent number."""
    groups: tuple[Group, ...]
    """By group number."""
    strangers: float = 0.0
    """Mean cosine of any two people, of the vectors that they were grouped by."""

    def members_of(self, group: int) -> tuple[Member, ...]:
        """The members of a group, by agent number."""
        return tuple(self.members[agent] for agent in self.groups[group].members)
