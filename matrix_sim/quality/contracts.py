"""What a check looks at and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    # It needs numpy, which the processes of agents do without; they know turns, and no vectors.
    from matrix_sim.quality.vectors import Vector

Speaker = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a row."""

    role: Speaker
    content: str
    reasoning: str = ""
    """The thinking before it, kept apart; of an assistant's."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a data set as the checks see it, whoever made it.

    A whole conversation; or one that still waits for an answer; or, in preference data, a
    conversation that waits for an answer (`turns`) with two of them.
    """

    turns: tuple[Turn, ...]
    chosen: tuple[Turn, ...] = ()
    rejected: tuple[Turn, ...] = ()
    thinks: bool = False
    """Whether the assistant's thinking is part of the data."""
    codes: bool = False
    """Whether code is what the row is for."""

    @property
    def request(self) -> str:
        """The user's first message: what the row is about."""
        return next((turn.content for turn in self.turns if turn.role == "user"), "")

    @property
    def answers(self) -> tuple[Turn, ...]:
        """What the assistant says in it.

        Not in a rejected answer: it is bad on purpose. Only for what must not be in the data at
        all, personal data and benchmarks, do checks look at that one too.
        """
        return tuple(turn for turn in (*self.turns, *self.chosen) if turn.role == "assistant")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says of a row."""

    check: str
    """Its name, as in the config."""
    ok: bool
    reason: str
    """Why, for people, in a sentence that quotes what it is about (clipped); "" where it is ok."""


class Check(Protocol):
    """One way to look at a row; it knows nothing of other rows."""

    name: str

    def look(self, row: Row) -> Verdict | None:
        """Its verdict; None where it does not apply to this row."""
        ...


class Memory(Protocol):
    """A check that compares a row with those that came before it."""

    name: str

    def look(self, row: Row, vector: Vector | None = None) -> Verdict | None:
        """Its verdict against what is remembered; None where it does not apply.

        Args:
            row: what is judged.
            vector: of its request, where requests are compared by vectors too.
        """
        ...

    def remember(self, row: Row, label: str, vector: Vector | None = None) -> None:
        """Compare what follows with this row, which is called `label` in reasons ("row 12")."""
        ...
