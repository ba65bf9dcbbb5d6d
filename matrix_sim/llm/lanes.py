"""The ways to a model: the endpoints that serve it, and which of them a request takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from matrix_sim.llm.contracts import Endpoint, Gate, Request


@dataclass(frozen=True, slots=True)
class Lane:
    """One way to a model: an endpoint, and what it can take."""

    name: str
    """The endpoint, as it may be shown."""
    endpoint: Endpoint
    gate: Gate


def choose_lane(lanes: Sequence[Lane], request: Request, failed: Lane | None = None) -> Lane:
    """The lane that a request takes; `failed` is the one that its last sending failed on.

    All requests of a family (the address without its last part: an agent, a group) take the same
    lane, whose prefix cache then holds what their prompts have in common. Which one is drawn by
    rendezvous hashing: where a lane is missing, only its own families move, each to the lane that
    it had drawn second.

    They leave it where it is much busier than the least busy one, or taken to be down, or where
    it has just failed and another one is up. The same loads and gates give the same lane.
    """
    if len(lanes) == 1:
        return lanes[0]
    up = [lane for lane in lanes if lane.gate.open]
    usable = [lane for lane in up if lane is not failed] or up
    # None is up: the first one to be so again may be any, but for the one that was just tried.
    usable = usable or [lane for lane in lanes if lane is not failed]
    family = request.address.rpartition("/")[0]
    own = max(usable, key=lambda lane: _draw(family, lane.name))
    least = min(lane.gate.load for lane in usable)
    if own.gate.load <= _BUSIER * least + _SLACK:
        return own
    idlest = (lane for lane in usable if lane.gate.load == least)
    return max(idlest, key=lambda lane: _draw(family, lane.name))


_BUSIER, _SLACK = 2, 4
"""A lane is much busier than another with more than so many times its load, and so many more: a
prompt that is cached saves less than a queue of that length costs."""


@lru_cache(maxsize=1 << 16)
def _draw(family: str, lane: str) -> bytes:
    return blake2b(f"{family}\0{lane}".encode(), digest_size=8).digest()
