"""Rows of Arrow batches, of which only what is asked for becomes Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matrix_sim.personas.rows import Place, Row, RowError


def rows_of_batch(batch: Any, source: Path | str, before: int) -> Iterator[Row]:
    """The rows of an Arrow record batch; `before` rows of the source came earlier."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for index in range(batch.num_rows):
        place = Place(source, before + index + 1)
        yield Row(place, _ArrowFields(columns, index, place))


class _ArrowFields(Mapping[str, object]):
    """The fields of one row of a batch, each made when it is looked at."""

    def __init__(self, columns: Mapping[str, Any], index: int, place: Place) -> None:
        self._columns = columns
        self._index = index
        self._place = place

    def __getitem__(self, name: str) -> object:
        try:
            value: object = self._columns[name][self._index].as_py()
            return value
        except UnicodeDecodeError:
            reason = f"{name!r} is not UTF-8"
            problem = f"{reason}; write the column as UTF-8 text"
        except (ValueError, OverflowError) as error:
            reason = f"{name!r} holds a value outside of what Python can hold"
            problem = f"{reason} ({error}); correct it"
        # Here, and not where it is caught: that error holds the cell.
        raise RowError(self._place, problem, reason)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)
