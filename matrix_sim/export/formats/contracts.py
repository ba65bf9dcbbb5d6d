"""What a format is, and what a format is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from matrix_sim.export.metadata import Metadata
from matrix_sim.export.samples import Sample
from matrix_sim.export.split import SplitName

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a split."""

    samples: Sequence[Sample]
    metadata: Sequence[Metadata]
    """Of each sample."""
    thinks: bool
    """Whether the assistant's thinking is part of the data set."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What there is of a data set, for what stands beside its rows."""

    label: str
    paired: bool
    """Whether it holds preferences."""
    thinks: bool
    splits: Mapping[SplitName, str]
    """The file of each split that has rows."""


class Format(Protocol):
    """How a trainer wants the rows; without state."""

    title: str
    """How its makers call it."""
    suffix: str
    """Of a split's file."""

    def parts(self, rows: Rows) -> Iterator[bytes]:
        """The file of a split, piece by piece; the same bytes for the same rows."""
        ...

    def beside(self, outline: Outline, splits: Mapping[SplitName, Rows]) -> Mapping[str, bytes]:
        """Further files that the trainer wants, by name."""
        ...

    def usage(self, outline: Outline) -> str:
        """How it is loaded, as a fenced block for the card."""
        ...

    def notes(self, outline: Outline) -> tuple[str, ...]:
        """What whoever exports should know about it."""
        ...

    def example(self, rows: Rows) -> Row:
        """The first row, to be shown."""
        ...


def json_lines(rows: Iterator[Row]) -> Iterator[bytes]:
    """Rows as UTF-8 JSON lines, with the keys in the order in which they are given."""
    for row in rows:
        yield orjson.dumps(row) + b"\n"
