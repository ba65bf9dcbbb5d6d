"""Similarity decides: an action reaches those whose profile or recent doings it is most like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matrix_sim.config import SimilarityConfig
from matrix_sim.society.likeness import fingerprint, likeness
from matrix_sim.society.routing.contracts import Candidate, Route, Routing, RoutingQuestion


@dataclass(frozen=True, slots=True)
class Scores:
    """How like each member and each neighbouring group one action is, 0 to 1."""

    members: tuple[tuple[int, float], ...]
    """(agent, score), the most similar first; without the one who acted."""
    neighbours: tuple[tuple[int, float], ...]
    """(group, score), the most similar first; empty for what another group had sent."""

    @property
    def best(self) -> float:
        """The highest of them; 0 where nobody can be reached."""
        return max((score for _, score in (*self.members[:1], *self.neighbours[:1])), default=0.0)


class Scorer:
    """Compares actions with members and neighbouring groups.

    A member is like an action if its profile is, or anything that it did or observed lately: so
    what comes in is judged against what the receiving group remembers.
    """

    def __init__(self, members: Sequence[Candidate], neighbours: Sequence[Candidate]) -> None:
        self._members = [(m.number, fingerprint(m.profile)) for m in members]
        self._neighbours = [(n.number, fingerprint(n.profile)) for n in neighbours]

    def scores(self, question: RoutingQuestion) -> tuple[Scores, ...]:
        """One for each action of the question."""
        recent = {
            agent: [fingerprint(text) for text in question.recent.get(agent, ())]
            for agent, _ in self._members
        }
        return tuple(
            self._scores(fingerprint(action.text), action.agent, recent, question.own(index))
            for index, (action, _) in enumerate(question.actions)
        )

    def _scores(self, seen: int, actor: int, recent: dict[int, list[int]], own: bool) -> Scores:
        members = [
            (agent, max(likeness(seen, one) for one in (profile, *recent[agent])))
            for agent, profile in self._members
            if agent != actor
        ]
        neighbours = [(group, likeness(seen, about)) for group, about in self._neighbours]
        return Scores(_ranked(members), _ranked(neighbours) if own else ())


class SimilarityRouter:
    """The most similar members become aware, if similar enough; no model is asked.

    To leave the group an action has to be more alike (`outward`): most talk stays at home.
    """

    def __init__(
        self,
        members: Sequence[Candidate],
        neighbours: Sequence[Candidate],
        settings: SimilarityConfig,
    ) -> None:
        self._scorer = Scorer(members, neighbours)
        self._settings = settings

    async def route(self, question: RoutingQuestion) -> Routing:
        """Decide by the scores alone."""
        all_scores = self._scorer.scores(question)
        return Routing(
            tuple(self._route(scores) for scores in all_scores), ranking=by_score(all_scores)
        )

    def _route(self, scores: Scores) -> Route:
        settings = self._settings
        aware = [agent for agent, score in scores.members if score >= settings.floor][
            : settings.aware
        ]
        forward = tuple(group for group, score in scores.neighbours if score >= settings.outward)
        return Route(tuple(sorted(aware)), forward)


def by_score(scores: Sequence[Scores]) -> tuple[int, ...]:
    """Indices of actions, the one that is most like anybody first."""
    return tuple(sorted(range(len(scores)), key=lambda index: (-scores[index].best, index)))


def _ranked(scored: list[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    return tuple(sorted(scored, key=lambda one: (-one[1], one[0])))
