"""What a reader makes of a file: its columns, its first personas, and what it cannot read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from matrix_sim.config import Language, PersonasConfig
from matrix_sim.config.personas import FieldConfig, FieldsConfig
from matrix_sim.personas import nemotron
from matrix_sim.personas.columns import Column, columns_of
from matrix_sim.personas.loading import open_source, reader_of
from matrix_sim.personas.model import Persona
from matrix_sim.personas.reader import PersonaReader
from matrix_sim.personas.rows import Row, RowError, Schema, Table, source_name
from matrix_sim.personas.selection import LeftOut, by_reason
from matrix_sim.personas.suggestion import suggest
from matrix_sim.personas.table_columns import check_columns


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a source."""

    source: str
    kind: str
    """`personas.source`."""
    schema: str
    """Which schema it was read with, for people."""
    files: int
    rows: int | None
    """How many there are; None if that was not seen."""
    looked_at: int
    """How many of them this tells of: the first ones."""
    columns: tuple[Column, ...]
    uses: Mapping[str, tuple[str, ...]]
    """By attribute: the columns, of those that are there, that fill it."""
    suggestion: Mapping[str, FieldConfig]
    """Entries of `personas.fields` that would fill more; a guess."""
    suggestion_used: bool
    """Whether the personas were read with it: no description would have been found otherwise."""
    personas: tuple[Persona, ...]
    """All that could be read of the rows looked at."""
    left_out: tuple[LeftOut, ...]

    @property
    def unused(self) -> tuple[str, ...]:
        """The columns that fill nothing."""
        used = [path for paths in self.uses.values() for path in paths]
        return tuple(
            column.name
            for column in self.columns
            if not any(_is_within(a, b) for path in used for a, b in _both_ways(path, column.name))
        )


def detected(columns: Collection[str]) -> Literal["nemotron", "table"]:
    """The source whose schema these columns are."""
    return "nemotron" if set(nemotron.SCHEMA.columns) <= set(columns) else "table"


def first_columns(config: PersonasConfig, base_dir: Path) -> tuple[str, ...]:
    """The columns of a source as far as the first row shows them.

    Raises:
        UsageError: the source cannot be read.
    """
    table = open_source(config, base_dir, Schema("a table", ()))[0]
    fixed = table.columns()
    if fixed is not None:
        return fixed
    first = next((row for row in table.rows() if isinstance(row, Row)), None)
    return tuple(first.fields) if first is not None else ()


def inspect_source(
    config: PersonasConfig, base_dir: Path, limit: int, language: Language
) -> Inspection:
    """Look at the first `limit` rows of a source; of one that is anonymised no cell is shown.

    Raises:
        UsageError: the source cannot be read, or the config maps a column that is not there.
    """
    reader = reader_of(config, language)
    private, mapped = reader.schema.private, config.fields != FieldsConfig()
    if mapped:
        tables = open_source(config, base_dir, reader.schema)
        check_columns(tables, config.fields, private=private)
    everything = _all_columns(config, base_dir)
    tables = open_source(config, base_dir, Schema("a table", (), everything, private=private))
    sample, more = _sample(tables, limit)
    rows = [row for row in sample if isinstance(row, Row)]
    columns = columns_of([row.fields for row in rows])
    if private:
        columns = tuple(replace(column, example="") for column in columns)
    names = [column.name for column in columns]
    suggestion: dict[str, FieldConfig] = {}
    if config.source in ("table", "social"):
        suggestion = suggest(columns, _uses(reader, names), reader.uses)
    use_it = "description" in suggestion and not mapped
    if use_it:
        fields = FieldsConfig.model_validate(suggestion)
        reader = reader_of(config.model_copy(update={"fields": fields}), language)
    personas, left_out = _read(reader, sample)
    counts = [table.row_count() for table in tables]
    known = sum(count for count in counts if count is not None)
    return Inspection(
        source=source_name(tables),
        kind=config.source,
        schema=_schema_name(config, names),
        files=len(tables),
        rows=(None if more else len(sample)) if None in counts else known,
        looked_at=len(sample),
        columns=columns,
        uses=_uses(reader, names),
        suggestion=suggestion,
        suggestion_used=use_it,
        personas=personas,
        left_out=left_out,
    )


def _all_columns(config: PersonasConfig, base_dir: Path) -> tuple[str, ...]:
    private = config.anonymised != "none"
    tables = open_source(config, base_dir, Schema("a table", (), private=private))
    return tuple(dict.fromkeys(name for table in tables for name in table.columns() or ()))


def _sample(tables: Sequence[Table], limit: int) -> tuple[list[Row | RowError], bool]:
    """The first rows, whole, and whether there are more."""
    rows = (row for table in tables for row in table.rows())
    sample = [_whole(row) for row in islice(rows, limit)]
    return sample, next(rows, None) is not None


def _whole(row: Row | RowError) -> Row | RowError:
    if isinstance(row, RowError):
        return row
    try:
        return Row(row.place, dict(row.fields))
    except RowError as error:
        return error


def _read(
    reader: PersonaReader, rows: Sequence[Row | RowError]
) -> tuple[tuple[Persona, ...], tuple[LeftOut, ...]]:
    personas: dict[str, Persona] = {}
    refusals: list[RowError] = []
    for row in rows:
        try:
            if isinstance(row, RowError):
                raise row
            persona = reader.read(row).persona
            if persona.id in personas:
                reason = "has the same id as another row"
                raise RowError(row.place, f"{reason}: {persona.id!r}", reason)
        except RowError as error:
            refusals.append(error)
        else:
            personas[persona.id] = persona
    return tuple(personas.values()), by_reason(refusals)


def _uses(reader: PersonaReader, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    found = {
        attribute: tuple(path for path in paths if path in names)
        for attribute, paths in reader.uses.items()
    }
    return {attribute: paths for attribute, paths in found.items() if paths}


def _schema_name(config: PersonasConfig, names: Collection[str]) -> str:
    own = {"id", "description"} <= set(names) <= set(Persona.model_fields)
    if config.source == "table" and own and config.fields == FieldsConfig():
        return "matrix-sim's own format, as 'personas convert' writes it"
    return {"nemotron": nemotron.SCHEMA.name}.get(config.source, f"source '{config.source}'")


def _both_ways(path: str, name: str) -> Iterator[tuple[str, str]]:
    yield path, name
    yield name, path


def _is_within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")
