"""A Parquet file as a stream of rows: the key column first, whole rows only where asked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matrix_sim.personas.rows import (
    Place,
    Row,
    RowError,
    Schema,
    SourceError,
    missing_columns,
    repeated_columns,
)

_KEY_ROWS = 16_384
"""Rows of one column held at once."""
_WHOLE_ROWS = 1_024
"""Whole rows held at once: some 4 MB of the 22 columns of Nemotron-Personas-Japan."""
_BUFFER_BYTES = 1 << 18
"""Column chunks are read through a buffer, not whole: a shard may be one big row group (with
60,000 rows in one, Arrow holds 33 MB at the most instead of 75)."""


class ParquetTable:
    """A Parquet file with text columns."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema

    def scan(self) -> Iterator[Row]:
        """Every row with its key only; see `Table.scan`."""
        key = self._schema.key
        number = 0
        with self._opened() as file:
            for batch in file.iter_batches(batch_size=_KEY_ROWS, columns=[key]):
                column = batch.column(key)
                for index in range(len(column)):
                    number += 1
                    place = Place(self.path, number)
                    yield Row(place, {key: _value(column, index, key, place)})

    def complete(self, rows: Sequence[Row]) -> Iterator[Row]:
        """The same rows with all required columns, from the row groups that hold them."""
        columns = list(self._schema.columns)
        wanted = [row.place.row - 1 for row in rows]
        first = 0
        with self._opened() as file:
            for group in range(file.num_row_groups):
                end = first + file.metadata.row_group(group).num_rows
                if _between(wanted, first, end):
                    batches = file.iter_batches(
                        batch_size=_WHOLE_ROWS, row_groups=[group], columns=columns
                    )
                    yield from self._picked(batches, first, wanted)
                first = end

    def _picked(self, batches: Iterator[Any], first: int, wanted: list[int]) -> Iterator[Row]:
        """The wanted rows (0-based in the file) of batches that begin at row `first`."""
        for batch in batches:
            for index in _between(wanted, first, first + batch.num_rows):
                place = Place(self.path, index + 1)
                fields = {
                    name: _value(batch.column(name), index - first, name, place)
                    for name in self._schema.columns
                }
                yield Row(place, fields)
            first += batch.num_rows

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        # Imported here: only the process that reads a Parquet file pays for it.
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
                names = file.schema_arrow.names
                problem = repeated_columns(names, self._schema) or missing_columns(
                    names, self._schema
                )
                if problem:
                    raise SourceError(self.path, problem)
                yield file
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise SourceError(
                self.path,
                f"cannot be read as Parquet ({reason}); download it again, "
                "and if it came with git, fetch the file itself with 'git lfs pull'",
            ) from error


def _between(indices: list[int], first: int, end: int) -> list[int]:
    """Those of ascending `indices` with first <= index < end."""
    return indices[bisect_left(indices, first) : bisect_left(indices, end)]


def _value(column: Any, index: int, name: str, place: Place) -> object:
    try:
        value: object = column[index].as_py()
    except UnicodeDecodeError:
        # Raised below, out of reach of the error, which holds the text.
        pass
    else:
        return value
    raise RowError(place, f"{name!r} is not UTF-8; write the column as UTF-8 text")
