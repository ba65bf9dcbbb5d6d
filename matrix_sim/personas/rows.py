"""Rows of a persona source, whatever the file format, each with where it stands."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from matrix_sim.errors import UsageError
from matrix_sim.text import clip


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns that are read of a source."""

    name: str
    """What people call it, for messages."""
    columns: tuple[str, ...]
    """Columns that the source must have, JSONL in every line."""
    further: tuple[str, ...] = ()
    """Paths that are looked up where a row has them: `city`, `profile.city`."""
    private: bool = False
    """Whether cells are people's own words and names: no message then quotes one, nor a name of
    a column, for a file without its header has a person in place of it."""

    def reads(self, column: str) -> bool:
        """Whether anything in this column is read."""
        inside = f"{column}."
        return column in self.columns or any(
            path == column or path.startswith(inside) for path in self.further
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands, as a reader would count."""

    file: Path | str
    """The file; of a data set of the hub, its id."""
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
    """A file, folder or data set that cannot be read as a source of personas."""

    def __init__(self, source: Path | str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


class RowError(UsageError):
    """A row that is broken or cannot be read as a persona."""

    def __init__(self, place: Place, problem: str, reason: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem
        self.reason = reason
        """The problem without what this row holds, so that rows can be counted by it."""


class Table(Protocol):
    """One file of rows, read as a stream."""

    @property
    def source(self) -> Path | str:
        """The file; of a data set of the hub, its id."""
        ...

    def columns(self) -> tuple[str, ...] | None:
        """The names of its columns; None if each row has its own (JSONL).

        Raises:
            SourceError: the file cannot be read.
        """
        ...

    def row_count(self) -> int | None:
        """How many rows it has, if that is known without reading them."""
        ...

    def rows(self) -> Iterator[Row | RowError]:
        """Every row in order, those that are broken as what is wrong with them.

        The fields of a row may be read only until the next one is asked for.

        Raises:
            SourceError: the file cannot be read, is not UTF-8, or lacks required columns.
            RowError: a row is so broken that nobody can tell where the next one begins.
        """
        ...


def source_name(tables: Sequence[Table]) -> str:
    """What people call the source of these tables: the file, or the folder of the shards."""
    source = tables[0].source
    return str(source if len(tables) == 1 else Path(source).parent)


def missing_columns(found: Collection[str], schema: Schema) -> str | None:
    """What to tell the reader about columns that `schema` requires and nobody found."""
    missing = [column for column in schema.columns if column not in found]
    if not missing:
        return None
    there = f"{len(found)} others" if schema.private else quoted(found) or "no columns"
    return (
        f"lacks {quoted(missing)}, which the schema of {schema.name} requires; it has {there}; "
        "rename the columns, or check that this is the right file"
    )


def repeated_columns(found: Sequence[str], schema: Schema) -> str | None:
    """What to tell the reader about column names that stand there twice."""
    repeated = [name for name, times in Counter(found).items() if times > 1]
    if not repeated:
        return None
    if schema.private:
        return "has columns with the same name; keep one of each name"
    return f"has more than one column {quoted(repeated)}; keep one of each name"


def nearest(name: str, known: Sequence[str]) -> str:
    """What to tell the reader about a name that is not among those that are known."""
    by_small = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), list(by_small), n=3, cutoff=0.5)
    if close:
        return f"the closest are {quoted([by_small[small] for small in close])}"
    return f"there are {quoted(known) or 'no columns'}"


def quoted(names: Collection[str]) -> str:
    """The first 40 names, each in quotation marks and clipped."""
    shown = [repr(clip(name, 60)) for name in list(names)[:40]]
    more = [f"and {len(names) - 40} more"] if len(names) > 40 else []
    return ", ".join(shown + more)
