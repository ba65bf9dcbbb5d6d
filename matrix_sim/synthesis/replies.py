"""The shapes of the structured replies that the synthesis asks its models for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from matrix_sim.society.replies import MaybeSentence, Sentence

Score = Annotated[int, Field(ge=1, le=10)]


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class IntentReply(_Reply):
    """What somebody is after in a dialogue."""

    want: Sentence
    satisfied_when: Sentence


class Mood(StrEnum):
    """Whether the user of a dialogue goes on."""

    GOES_ON = "goes_on"
    SATISFIED = "satisfied"
    GAVE_UP = "gave_up"
    NO_TIME = "no_time"


class UserTurnReply(_Reply):
    """The user's next message; empty where the dialogue ends without another word."""

    mood: Mood
    message: MaybeSentence


class PairReply(_Reply):
    """Two answers compared."""

    reason: Sentence
    first: Score
    second: Score


class RowReply(_Reply):
    """One row looked at: the first defect that is found, if any, and a score."""

    defect: MaybeSentence
    score: Score
