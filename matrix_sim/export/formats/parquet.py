"""Parquet: the rows of the format `trl`, typed and small.

A table has the same keys in all messages, so the messages of users hold `reasoning_content: null`
in a data set that thinks; TRL takes such nulls out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from matrix_sim.export.formats.contracts import Outline, Row, Rows
from matrix_sim.export.formats.trl import Trl
from matrix_sim.export.metadata import Metadata
from matrix_sim.export.split import SplitName


class Parquet:
    """One file a split, compressed with zstd."""

    title = "Parquet"
    suffix = "parquet"

    def __init__(self) -> None:
        self._lines = Trl()

    def parts(self, rows: Rows) -> Iterator[bytes]:
        """See `Format.parts`; the bytes also depend on the version of pyarrow."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        plain = [
            self._lines.row(sample, metadata, thinks=rows.thinks)
            for sample, metadata in zip(rows.samples, rows.metadata, strict=True)
        ]
        table = pa.Table.from_pylist(plain, schema=_schema(plain[0], thinks=rows.thinks))
        held = io.BytesIO()
        pq.write_table(table, held, compression="zstd")
        yield held.getvalue()

    def beside(self, outline: Outline, splits: Mapping[SplitName, Rows]) -> Mapping[str, bytes]:
        """See `Format.beside`."""
        return {}

    def notes(self, outline: Outline) -> tuple[str, ...]:
        """See `Format.notes`."""
        return ()

    def usage(self, outline: Outline) -> str:
        """As a data set of any kind."""
        return (
            '```python\nfrom datasets import load_dataset\n\nrows = load_dataset("PATH_OR_REPO")\n'
            "```"
        )

    def example(self, rows: Rows) -> Row:
        """See `Format.example`."""
        return self._lines.example(rows)


def _schema(row: Row, *, thinks: bool) -> Any:
    import pyarrow as pa

    said = [("role", pa.string()), ("content", pa.string())]
    thought = [*said, ("reasoning_content", pa.string())] if thinks else said
    columns = {
        "messages": pa.list_(pa.struct(thought)),
        "prompt": pa.list_(pa.struct(thought)),
        "chosen": pa.list_(pa.struct(thought)),
        "rejected": pa.list_(pa.struct(said)),
        "id": pa.string(),
        "metadata": _type_of(row["metadata"]),
    }
    return pa.schema([(name, columns[name]) for name in row])


def _type_of(value: Metadata | str | int | float | bool) -> Any:
    """The type of a value of the metadata, which is the same in all rows (`metadata`)."""
    import pyarrow as pa

    match value:
        case bool():
            return pa.bool_()
        case int():
            return pa.int64()
        case float():
            return pa.float64()
        case str():
            return pa.string()
        case _:
            return pa.struct([(key, _type_of(inner)) for key, inner in value.items()])
