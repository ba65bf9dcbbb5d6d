"""What a modulator asks its routing policy, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from matrix_sim.messages import Action, Failure, Sparing


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person is like, for comparing: words, and a vector where a model made one."""

    words: int
    """Fingerprint (`likeness`) of the profile's text."""
    direction: bytes = b""
    """Of the vector that this person was grouped by (`directions`)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member, or a neighbouring group, that an action may reach."""

    number: int
    """The agent or the group."""
    line: str
    """How a model is told of it: a speaker, or the description of a group."""
    profiles: tuple[Profile, ...] = ()
    """What similarity goes by: the member's own; of a group, those of all its members."""


@dataclass(frozen=True, slots=True)
class RoutingQuestion:
    """Everything that a routing decision may depend on."""

    group: int
    tick: int
    actions: tuple[tuple[Action, str], ...]
    """What is to be routed, in order, each with its speaker: the inbox and the tick's own."""
    memory: tuple[str, ...]
    """What happened in the group lately, a line each."""
    recalled: tuple[str, ...] = ()
    """What happened earlier and bears on what came in, a line each."""
    recent: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Per member, what it did and observed lately."""

    def own(self, index: int) -> bool:
        """Whether the action is one of the group itself: only such go out to other groups."""
        return self.actions[index][0].group == self.group


@dataclass(frozen=True, slots=True)
class Route:
    """Where one action goes."""

    aware: tuple[int, ...]
    """Members, ascending."""
    forward: tuple[int, ...]
    """Neighbouring groups, most important first."""


NOWHERE = Route((), ())


@dataclass(frozen=True, slots=True)
class Routing:
    """The decision for a tick."""

    routes: tuple[Route, ...]
    """One for each action of the question."""
    unknown_ids: int = 0
    """As in `TickReport`."""
    failure: Failure | None = None
    ranking: tuple[int, ...] = ()
    """Indices into `routes`, what matters most first; what it leaves out follows in order."""
    asked: bool = False
    """Whether a model was asked."""
    sparing: Sparing | None = None
    """What a policy that asks only when in doubt came to."""

    @property
    def by_importance(self) -> tuple[int, ...]:
        """All indices into `routes`: what an inbox limit leaves out is from the end."""
        return tuple(dict.fromkeys((*self.ranking, *range(len(self.routes)))))


class Router(Protocol):
    """A routing policy."""

    async def route(self, question: RoutingQuestion) -> Routing:
        """Decide for all actions of a tick at once.

        Raises:
            EnvironmentalFailure: a call that the policy needs got no reply.
        """
        ...
