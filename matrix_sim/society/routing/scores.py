"""How like members and neighbouring groups an action is: what similarity decides by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matrix_sim.society.fingerprint import fingerprint, likeness
from matrix_sim.society.routing.contracts import Candidate, RoutingQuestion

Scored = tuple[tuple[int, float], ...]
"""(agent or group, score), the most similar first."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How like each member and each neighbouring group one action is, at most 1."""

    members: Scored
    """Without the one who acted."""
    neighbours: Scored
    """Empty for what another group had sent."""

    @property
    def best(self) -> float:
        """The highest of them; 0 where nobody can be reached."""
        return max((score for _, score in (*self.members[:1], *self.neighbours[:1])), default=0.0)


class Scorer(Protocol):
    """Compares the actions of a tick with whom they may reach.

    A member is like an action if its profile is, or anything that it did or observed lately: so
    what comes in is judged against what the receiving group remembers. A group is as like it as
    that of its members whose profile is most like it.
    """

    async def scores(self, question: RoutingQuestion) -> tuple[Scores, ...]:
        """One for each action of the question.

        Raises:
            EnvironmentalFailure: a model was needed, and gave no reply.
        """
        ...


class WordScorer:
    """Goes by shared words (`likeness`): no model, no call."""

    def __init__(self, members: Sequence[Candidate], neighbours: Sequence[Candidate]) -> None:
        self._members = [(m.number, _words(m)) for m in members]
        self._neighbours = [(n.number, _words(n)) for n in neighbours]

    async def scores(self, question: RoutingQuestion) -> tuple[Scores, ...]:
        """One for each action of the question."""
        members = [
            (agent, [*words, *map(fingerprint, question.recent.get(agent, ()))])
            for agent, words in self._members
        ]
        found = []
        for index, (action, _) in enumerate(question.actions):
            seen = fingerprint(action.text)
            others = [(agent, known) for agent, known in members if agent != action.agent]
            groups = self._neighbours if question.own(index) else []
            found.append(Scores(_scored(seen, others), _scored(seen, groups)))
        return tuple(found)


def _words(candidate: Candidate) -> list[int]:
    return [profile.words for profile in candidate.profiles]


def _scored(seen: int, known: Sequence[tuple[int, list[int]]]) -> Scored:
    return ranked(
        [
            (number, max((likeness(seen, one) for one in words), default=0.0))
            for number, words in known
        ]
    )


def by_score(scores: Sequence[Scores]) -> tuple[int, ...]:
    """Indices of actions, the one that is most like anybody first."""
    return tuple(sorted(range(len(scores)), key=lambda index: (-scores[index].best, index)))


def ranked(scored: list[tuple[int, float]]) -> Scored:
    """The most similar first, then by number."""
    return tuple(sorted(scored, key=lambda one: (-one[1], one[0])))
