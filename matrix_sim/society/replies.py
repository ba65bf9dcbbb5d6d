"""The shapes of the structured replies that a society asks its models for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from matrix_sim.messages import PlanEffect
from matrix_sim.text import clean_text


def _storable(value: Any) -> Any:
    """JSON can escape what no text may hold, so it is looked for again once that is undone."""
    return clean_text(value)[0] if isinstance(value, str) else value


Sentence = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(_storable)
]
MaybeSentence = Annotated[str, StringConstraints(strip_whitespace=True), BeforeValidator(_storable)]


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class GoalReply(_Reply):
    """Personality, life goal and plan: one question for all three."""

    personality: Sentence
    life_goal: Sentence
    plan: Annotated[list[Sentence], Field(min_length=3, max_length=8)]


class ActReply(_Reply):
    """What an agent does in its turn; an empty action is idling by choice."""

    action: MaybeSentence
    effect: PlanEffect
    next_step: MaybeSentence


class RouteEntry(_Reply):
    """Who becomes aware of one action, and where it goes."""

    action: int
    aware: list[str]
    forward: list[str]


class RouteReply(_Reply):
    """The routing of all actions of a tick."""

    routes: list[RouteEntry]
