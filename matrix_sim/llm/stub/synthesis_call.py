"""What a call of the synthesis asks for, told by the end of its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

_ENDING = re.compile(
    r"(?:^|/)(?:(instruction)|(intent)|turn(\d{1,4})/(user|assistant)|(answer|chosen)|(rejected)"
    r"|(verdict)/(?:ab|ba)|(judge))\Z"
)


class Part(Enum):
    """One kind of call."""

    INSTRUCTION = auto()
    INTENT = auto()
    USER = auto()
    ANSWER = auto()
    REJECTED = auto()
    PAIR = auto()
    ROW = auto()


@dataclass(frozen=True, slots=True)
class SynthesisCall:
    """A call for a candidate of a data set."""

    part: Part
    turn: int = 1
    """Of a dialogue, from 1."""


def synthesis_call(address: str) -> SynthesisCall | None:
    """Which call it is; None for the society's.

    What comes before the end is a label of the user's own.
    """
    ending = _ENDING.search(address)
    if ending is None:
        return None
    instruction, intent, turn, who, answer, rejected, verdict, _ = ending.groups()
    if who:
        return SynthesisCall(Part.USER if who == "user" else Part.ANSWER, int(turn))
    kinds = (
        (instruction, Part.INSTRUCTION),
        (intent, Part.INTENT),
        (answer, Part.ANSWER),
        (rejected, Part.REJECTED),
        (verdict, Part.PAIR),
    )
    return SynthesisCall(next((part for found, part in kinds if found), Part.ROW))
