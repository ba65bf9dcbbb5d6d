"""A Parquet file as a stream of rows, of which only the columns are decoded that are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matrix_sim.personas.arrow_rows import rows_of_batch
from matrix_sim.personas.rows import Row, Schema, SourceError, missing_columns, repeated_columns

_ROWS = 1_024
"""Rows held at once: some 4 MB of the 22 columns of Nemotron-Personas-Japan."""
_BUFFER_BYTES = 1 << 18
"""Column chunks are read through a buffer, not whole: a shard may be one big row group (with
60,000 rows in one, Arrow holds 33 MB at the most instead of 75)."""


class ParquetTable:
    """A Parquet file, flat or with nested columns."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.source = path
        self._schema = schema

    def columns(self) -> tuple[str, ...]:
        """The names of the file's own schema."""
        with self._opened() as file:
            return tuple(file.schema_arrow.names)

    def row_count(self) -> int:
        """As the file's own metadata says."""
        with self._opened() as file:
            return int(file.metadata.num_rows)

    def rows(self) -> Iterator[Row]:
        """Every row with the columns of the schema; see `Table.rows`."""
        before = 0
        with self._opened() as file:
            names = file.schema_arrow.names
            problem = repeated_columns(names, self._schema) or missing_columns(names, self._schema)
            if problem:
                raise SourceError(self.source, problem)
            read = [name for name in names if self._schema.reads(name)]
            # Not in threads: decoding is quick, and each thread would hold pages of its own.
            for batch in file.iter_batches(batch_size=_ROWS, columns=read, use_threads=False):
                yield from rows_of_batch(batch, self.source, before)
                before += batch.num_rows

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        # Imported here: only the process that reads a Parquet file pays for it.
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.source, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise SourceError(
                self.source,
                f"cannot be read as Parquet ({reason}); download it again, "
                "and if it came with git, fetch the file itself with 'git lfs pull'",
            ) from error
