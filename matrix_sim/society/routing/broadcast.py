"""Everything becomes known to everybody in the group: what routing is compared with."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.society.routing.contracts import Candidate, Route, Routing, RoutingQuestion


class BroadcastRouter:
    """Every member but the one who acted is aware; own actions go out to the nearest groups.

    How many may be observed, and how many groups an action goes out to, is limited as with every
    policy (`observation_limit`, `forward_limit`).
    """

    def __init__(self, members: Sequence[Candidate], neighbours: Sequence[Candidate]) -> None:
        """`neighbours` come most similar first."""
        self._members = tuple(sorted(member.number for member in members))
        self._neighbours = tuple(neighbour.number for neighbour in neighbours)

    async def route(self, question: RoutingQuestion) -> Routing:
        """Decide without looking at what was done."""
        return Routing(
            tuple(
                Route(
                    tuple(agent for agent in self._members if agent != action.agent),
                    self._neighbours if question.own(index) else (),
                )
                for index, (action, _) in enumerate(question.actions)
            )
        )
