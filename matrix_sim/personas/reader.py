"""What a reader of personas is: the columns that it needs, and what a row of them means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from matrix_sim.personas.anonymise import Kind
from matrix_sim.personas.model import Persona
from matrix_sim.personas.rows import Row, Schema


@dataclass(frozen=True, slots=True)
class ReadPersona:
    """A persona as it was read."""

    persona: Persona
    replaced: int
    """NUL and lone surrogates in it, replaced by U+FFFD."""
    id_made: bool = False
    """Whether its id is a hash, for the row has none."""
    anonymised: Mapping[Kind, int] | None = None
    """How much the rules replaced, by kind; None where they were not asked to."""
    nameless: bool = False
    """Whether, when it was anonymised, the source said neither a name nor an account name."""


class PersonaReader(Protocol):
    """Turns rows of one schema into personas."""

    @property
    def schema(self) -> Schema:
        """The columns that are read."""
        ...

    @property
    def uses(self) -> Mapping[str, tuple[str, ...]]:
        """By attribute of a persona: the columns, or paths into them, that it comes from."""
        ...

    def key(self, row: Row) -> str:
        """What tells the row apart and decides whether it is chosen; becomes the persona's id.

        Raises:
            RowError: the row has none.
        """
        ...

    def read(self, row: Row) -> ReadPersona:
        """The persona of a row.

        Raises:
            RowError: the row has no id or no description, or holds something of another kind.
        """
        ...
