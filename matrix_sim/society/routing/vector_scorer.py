"""Scores by the vectors of an embedding model: one call a tick, to that model only."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.directions import cosines
from matrix_sim.llm.ask_directions import ask_directions
from matrix_sim.llm.contracts import LLM, Address
from matrix_sim.messages import group_label
from matrix_sim.society.routing.contracts import Candidate, RoutingQuestion
from matrix_sim.society.routing.scores import Scores, ranked

_MOST_ALIKE = 0.999


class VectorScorer:
    """Asks for the vectors of the actions and of what each member did and observed lately.

    Profiles have theirs from the founding. Texts of unlike content have a cosine well above 0 with
    many models; a score is therefore measured from the likeness of any two people of the society:
    0 is as alike as strangers are, 1 is the same.
    """

    def __init__(
        self,
        group: int,
        members: Sequence[Candidate],
        neighbours: Sequence[Candidate],
        strangers: float,
        llm: LLM,
    ) -> None:
        """`strangers` is the mean cosine of any two people of the society."""
        self._group = group
        self._members = members
        self._neighbours = neighbours
        # Where all are the same, no scale is left; then whatever is not the same is unlike.
        self._strangers = min(strangers, _MOST_ALIKE)
        self._llm = llm

    async def scores(self, question: RoutingQuestion) -> tuple[Scores, ...]:
        """One for each action of the question; what it asks for depends on the question alone.

        Raises:
            EnvironmentalFailure: the model gave no vectors.
            ValueError: its vectors have another length than those of the founding.
        """
        remembering = [m.number for m in self._members if question.recent.get(m.number)]
        texts = [action.text for action, _ in question.actions]
        texts += ["\n".join(reversed(question.recent[agent])) for agent in remembering]
        address = Address(f"embed/{group_label(self._group)}/t{question.tick:04d}")
        directions = await ask_directions(self._llm, address, texts)
        actions = directions[: len(question.actions)]
        recent = dict(zip(remembering, directions[len(actions) :], strict=True))
        return tuple(
            self._scores(question, index, seen, recent) for index, seen in enumerate(actions)
        )

    def _scores(
        self, question: RoutingQuestion, index: int, seen: bytes, recent: dict[int, bytes]
    ) -> Scores:
        actor = question.actions[index][0].agent
        members = [member for member in self._members if member.number != actor]
        groups = self._neighbours if question.own(index) else ()
        return Scores(
            ranked([(m.number, self._likeness(seen, m, recent.get(m.number))) for m in members]),
            ranked([(g.number, self._likeness(seen, g)) for g in groups]),
        )

    def _likeness(self, seen: bytes, who: Candidate, lately: bytes | None = None) -> float:
        known = [profile.direction for profile in who.profiles]
        if lately is not None:
            known.append(lately)
        return self._score(max(cosines(seen, known), default=0.0))

    def _score(self, cosine: float) -> float:
        return (cosine - self._strangers) / (1 - self._strangers)
