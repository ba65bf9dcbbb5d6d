"""The stub's routing: most actions reach somebody, about a third go on to a neighbour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.filling import ArrayShape, ChoiceShape, Hand, ObjectShape, Shape

_NUMBERED = re.compile(r"[\s・*-]*[\[［(（【#]?(\d{1,4})(?!\d)")
_LABEL_LIKE = re.compile(r"[A-Za-z]+\d+")
_UNHEARD = 0.1
_FORWARDED = 1 / 3
_AWARE = (1, 1, 2, 2, 3)


def route_entry(routes: Shape | None) -> ObjectShape | None:
    """The shape of one route, if this is a list of routes."""
    item = routes.item if isinstance(routes, ArrayShape) else None
    known = isinstance(item, ObjectShape) and {"action", "aware"} <= set(item.properties)
    return item if known and isinstance(item, ObjectShape) else None


def routes_for(
    entry: ObjectShape,
    most: int | None,
    heads: Sequence[str],
    foreign_marks: tuple[str, ...],
    hand: Hand,
    draws: Draws,
) -> list[dict[str, Any]]:
    """Routes for the numbered lines of these heads, in order, by the labels that the schema allows.

    What came from outside (`foreign_marks` in a line's head) is not sent on, and nobody becomes
    aware of what he did himself.
    """
    members = _labels(entry.properties["aware"])
    neighbours = _labels(entry.properties.get("forward"))
    routes: list[dict[str, Any]] = []
    for head in heads:
        found = _NUMBERED.match(head)
        if found is None:
            continue
        actors = set(_LABEL_LIKE.findall(head))
        foreign = any(mark in head for mark in foreign_marks)
        count = 0 if draws.chance(_UNHEARD) else draws.choice(_AWARE)
        others = [place for place, label in enumerate(members) if label not in actors]
        aware = [members[place] for place in sorted(draws.sample(others, count))]
        goes = draws.chance(_FORWARDED) and not foreign
        forward = draws.sample(neighbours, 1) if goes else []
        if aware or forward:
            decided = {"action": int(found[1]), "aware": aware, "forward": forward}
            routes.append(
                {
                    name: decided[name] if name in decided else shape.fill(name, hand, 2)
                    for name, shape in entry.properties.items()
                }
            )
    return routes if most is None else routes[:most]


def _labels(shape: Shape | None) -> tuple[str, ...]:
    item = shape.item if isinstance(shape, ArrayShape) else None
    return tuple(map(str, item.options)) if isinstance(item, ChoiceShape) else ()
