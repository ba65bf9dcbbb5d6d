"""Similarity decides: an action reaches those whose profile or recent doings it is most like."""

from __future__ import annotations

from matrix_sim.config import SimilarityConfig
from matrix_sim.society.routing.contracts import Route, Routing, RoutingQuestion
from matrix_sim.society.routing.scores import Scorer, Scores, by_score


class SimilarityRouter:
    """The most similar members become aware, if similar enough; no model writes a word.

    To leave the group an action has to be more alike (`outward`): most talk stays at home.
    """

    def __init__(self, scorer: Scorer, settings: SimilarityConfig) -> None:
        self._scorer = scorer
        self._settings = settings

    async def route(self, question: RoutingQuestion) -> Routing:
        """Decide by the scores alone.

        Raises:
            EnvironmentalFailure: an embedding model was to give vectors, and gave none.
        """
        all_scores = await self._scorer.scores(question)
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
