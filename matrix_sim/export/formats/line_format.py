"""What the formats of JSON lines have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

from matrix_sim.export.formats.contracts import Outline, Row, Rows, json_lines
from matrix_sim.export.metadata import Metadata
from matrix_sim.export.samples import Sample
from matrix_sim.export.split import SplitName


class LineFormat(ABC):
    """A row a line."""

    title: str
    suffix = "jsonl"

    @abstractmethod
    def row(self, sample: Sample, metadata: Metadata, *, thinks: bool) -> Row:
        """A sample as the trainer wants it."""

    @abstractmethod
    def usage(self, outline: Outline) -> str:
        """See `Format.usage`."""

    def parts(self, rows: Rows) -> Iterator[bytes]:
        """See `Format.parts`."""
        return json_lines(self._rows(rows))

    def beside(self, outline: Outline, splits: Mapping[SplitName, Rows]) -> Mapping[str, bytes]:
        """See `Format.beside`."""
        return {}

    def notes(self, outline: Outline) -> tuple[str, ...]:
        """See `Format.notes`."""
        return ()

    def example(self, rows: Rows) -> Row:
        """See `Format.example`."""
        return next(self._rows(rows))

    def _rows(self, rows: Rows) -> Iterator[Row]:
        for sample, metadata in zip(rows.samples, rows.metadata, strict=True):
            yield self.row(sample, metadata, thinks=rows.thinks)
