"""A data set of the Hugging Face hub as a table, streamed with the package `datasets`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from matrix_sim.config.personas import HubConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas.arrow_rows import rows_of_batch
from matrix_sim.personas.rows import Row, Schema, SourceError, missing_columns

T = TypeVar("T")

_ROWS = 1_000
"""Rows held at once."""


class HubTable:
    """One split of a data set; it is read from the hub each time that its rows are asked for."""

    def __init__(self, hub: HubConfig, schema: Schema) -> None:
        self.source = hub.id
        self._hub = hub
        self._schema = schema

    def columns(self) -> tuple[str, ...] | None:
        """As the data set's card or its first rows say."""
        stream = self._opened()
        return self._read(lambda: tuple(_names(stream)))

    def row_count(self) -> None:
        """Not known before the end of the stream."""

    def rows(self) -> Iterator[Row]:
        """Every row with the columns of the schema; see `Table.rows`."""
        before = 0
        stream = self._opened()
        names = self._read(lambda: _names(stream))
        problem = missing_columns(names, self._schema)
        if problem:
            raise SourceError(self.source, problem)
        read = [name for name in names if self._schema.reads(name)]
        tables = iter(stream.select_columns(read).with_format("arrow").iter(batch_size=_ROWS))
        while (table := self._read(lambda: next(tables, None))) is not None:
            for batch in table.to_batches():
                yield from rows_of_batch(batch, self.source, before)
                before += batch.num_rows

    def _opened(self) -> Any:
        try:
            import datasets
        except ImportError as error:
            raise UsageError(
                f"{self.source}: reading from the Hugging Face hub needs the package 'datasets', "
                "which is not installed: pip install 'matrix-sim[hf]'"
            ) from error
        datasets.disable_progress_bars()
        if self._schema.private:  # what it logs of a broken file may quote it
            datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        hub = self._hub
        try:
            return datasets.load_dataset(
                hub.id, name=hub.name, split=hub.split, revision=hub.revision, streaming=True
            )
        except Exception as error:  # whatever the hub, its client or the network makes of it
            raise self._unreadable(f"{type(error).__name__}: {error}") from error

    def _read(self, ask: Callable[[], T]) -> T:
        """What the stream gives, or a refusal; of people, one without the words of the error."""
        try:
            return ask()
        except Exception as error:  # as above; and what reads the files
            if not self._schema.private:
                raise self._unreadable(f"{type(error).__name__}: {error}") from error
            refusal = self._unreadable(type(error).__name__)
        # Here, and not where it is caught: that error may quote a row, or a header that is one.
        raise refusal

    def _unreadable(self, reason: str) -> SourceError:
        return SourceError(
            self.source,
            f"cannot be read from the Hugging Face hub ({' '.join(reason.split())}); check "
            "'personas.hub' (id, name, split, revision) and the network; a gated data set needs "
            "HF_TOKEN",
        )


def _names(stream: Any) -> list[str]:
    names = stream.column_names
    if names is None:  # only a first row tells what a stream of JSON holds
        names = list(next(iter(stream), {}))
    return list(names)
