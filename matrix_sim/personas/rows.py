"""Rows of a persona source, whatever the file format, each with where it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from matrix_sim.errors import UsageError
from matrix_sim.text import clip


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns that a source must have; further ones are left alone."""

    name: str
    """What people call it, for messages."""
    key: str
    """The column whose text identifies a row."""
    columns: tuple[str, ...]
    """All required columns, the key among them."""
    private: bool = False
    """Whether cells are people's own words and names: no message then quotes one, nor a name of
    a column, for a file without its header has a person in place of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands, as a reader would count."""

    file: Path
    row: int
    """1 for the first row that holds data."""
    line: int | None = None
    """The line of a text file that the row begins on; 1 for the first."""

    def __str__(self) -> str:
        if self.line is None:
            return f"{self.file}, row {self.row}"
        if self.line == self.row:
            return f"{self.file}, line {self.line}"
        return f"{self.file}, row {self.row} (line {self.line})"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its fields as the format gives them, not yet cleaned or checked."""

    place: Place
    fields: Mapping[str, object] = field(repr=False)


class SourceError(UsageError):
    """A file or folder that cannot be read as a source of personas."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class RowError(UsageError):
    """A row that is broken or cannot be read as a persona."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


class Table(Protocol):
    """One file of rows, read as a stream."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    def scan(self) -> Iterator[Row]:
        """Every row in order, each with at least its key.

        Raises:
            SourceError: the file cannot be read, is not UTF-8, or lacks required columns.
            RowError: a row is broken.
        """
        ...

    def complete(self, rows: Sequence[Row]) -> Iterator[Row]:
        """The same rows, of `scan` and in its order, with all required fields.

        Raises:
            SourceError: the file cannot be read.
            RowError: a row's text is not UTF-8.
        """
        ...


def missing_columns(found: Collection[str], schema: Schema) -> str | None:
    """What to tell the reader about columns that `schema` requires and nobody found."""
    missing = [column for column in schema.columns if column not in found]
    if not missing:
        return None
    there = f"{len(found)} others" if schema.private else _quoted(found) or "no columns"
    return (
        f"lacks {_quoted(missing)}, which the schema of {schema.name} requires; it has {there}; "
        "rename the columns, or check that this is the right file"
    )


def repeated_columns(found: Sequence[str], schema: Schema) -> str | None:
    """What to tell the reader about column names that stand there twice."""
    repeated = [name for name in dict.fromkeys(found) if found.count(name) > 1]
    if not repeated:
        return None
    if schema.private:
        return "has columns with the same name; keep one of each name"
    return f"has more than one column {_quoted(repeated)}; keep one of each name"


def _quoted(names: Collection[str]) -> str:
    shown = [repr(clip(name, 60)) for name in list(names)[:40]]
    more = [f"and {len(names) - 40} more"] if len(names) > 40 else []
    return ", ".join(shown + more)
