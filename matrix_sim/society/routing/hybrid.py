"""Similarity decides where it is sure, and the modulator's model where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from matrix_sim.config import SimilarityConfig
from matrix_sim.messages import Sparing
from matrix_sim.society.routing.contracts import (
    NOWHERE,
    Route,
    Router,
    Routing,
    RoutingQuestion,
)
from matrix_sim.society.routing.scores import Scorer, Scores, by_score


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What similarity makes of one action: True or False where it is sure, None in doubt."""

    members: Mapping[int, bool | None]
    neighbours: Mapping[int, bool | None]

    @property
    def doubtful(self) -> bool:
        """Whether a model has to look at it."""
        return None in self.members.values() or None in self.neighbours.values()

    def settled(self, said: Route | None) -> Route:
        """The route, with the model's word where similarity has none; without a word, nobody."""
        aware, forward = (said.aware, said.forward) if said is not None else ((), ())
        members = [a for a, sure in self.members.items() if _yes(sure, a in aware)]
        groups = [g for g, sure in self.neighbours.items() if _yes(sure, g in forward)]
        # What is sure comes first; the rest in the model's order, which is by importance.
        order = {group: place for place, group in enumerate(forward)}
        groups.sort(key=lambda group: -1 if self.neighbours[group] else order[group])
        return Route(tuple(sorted(members)), tuple(groups))

    def sparing(self, said: Route | None) -> Sparing:
        """What the action comes to in decisions; `said` is None where the model was not asked."""
        decisions = [
            *((v, said is not None and a in said.aware) for a, v in self.members.items()),
            *((v, said is not None and g in said.forward) for g, v in self.neighbours.items()),
        ]
        spared = [(verdict, answer) for verdict, answer in decisions if verdict is not None]
        compared = spared if said is not None else []
        return Sparing(
            decisions=len(decisions),
            spared=len(spared),
            compared=len(compared),
            agreed=sum(verdict == answer for verdict, answer in compared),
        )


class HybridRouter:
    """Asks only about actions of which similarity is not sure whom they reach.

    The prompt still shows every member and neighbour, which keeps its beginning the same from tick
    to tick for an endpoint's prefix cache; what the model says of those that similarity was sure
    of is compared and not followed.
    """

    def __init__(
        self,
        scorer: Scorer,
        settings: SimilarityConfig,
        model: Router,
    ) -> None:
        """`model` is asked in doubt."""
        self._scorer = scorer
        self._settings = settings
        self._model = model

    async def route(self, question: RoutingQuestion) -> Routing:
        """Decide what is sure, ask about the rest in one call.

        Raises:
            EnvironmentalFailure: the call got no reply.
        """
        scores = await self._scorer.scores(question)
        verdicts = [self._verdicts(one) for one in scores]
        doubtful = [index for index, one in enumerate(verdicts) if one.doubtful]
        answer = Routing(())
        if doubtful:
            asked = replace(question, actions=tuple(question.actions[i] for i in doubtful))
            answer = await self._model.route(asked)
        said: dict[int, Route] = {}
        if answer.asked and answer.failure is None:
            said = dict(zip(doubtful, answer.routes, strict=True))
        return Routing(
            routes=tuple(one.settled(said.get(i, NOWHERE)) for i, one in enumerate(verdicts)),
            unknown_ids=answer.unknown_ids,
            failure=answer.failure,
            ranking=(*(doubtful[place] for place in answer.ranking), *by_score(scores)),
            asked=answer.asked,
            sparing=sum((one.sparing(said.get(i)) for i, one in enumerate(verdicts)), Sparing()),
        )

    def _verdicts(self, scores: Scores) -> Verdicts:
        heard = [agent for agent, score in scores.members if score >= self._settings.sure]
        kept = heard[: self._settings.aware]
        members = {a: self._verdict(score) for a, score in scores.members}
        members |= {agent: agent in kept for agent in heard}
        return Verdicts(members, {g: self._verdict(score) for g, score in scores.neighbours})

    def _verdict(self, score: float) -> bool | None:
        if score >= self._settings.sure:
            return True
        return False if score < self._settings.floor else None


def _yes(sure: bool | None, said: bool) -> bool:
    return said if sure is None else sure
