"""The ways to a model: the endpoints that serve it, and which of them a request takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matrix_sim.llm.contracts import Endpoint, Gate, Request


@dataclass(frozen=True, slots=True)
class Lane:
    """One way to a model: an endpoint, and what it can take."""

    name: str
    """The endpoint, as it may be shown."""
    endpoint: Endpoint
    gate: Gate


def choose_lane(lanes: Sequence[Lane], request: Request, failed: Lane | None = None) -> Lane:
    """The lane that a request takes; `failed` is the one that its last sending failed on."""
    return lanes[0]
