"""Are the columns there that a mapping speaks of?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from matrix_sim.config.personas import FieldsConfig
from matrix_sim.personas.lookup import MISSING, look_up, structure
from matrix_sim.personas.rows import Row, RowError, SourceError, Table, nearest, quoted, source_name

_LOOKED_AT = 1000
"""Rows whose names are remembered, to say which was probably meant."""


def check_columns(tables: Sequence[Table], fields: FieldsConfig, *, private: bool = False) -> None:
    """Refuse a mapping with a column that is not there.

    A file with fixed columns must have every column that the mapping speaks of. What stands inside
    a column, or in JSONL, must be in one row at least; as a rule the first row has it, and only a
    name that no row has makes this read on to the end.

    Args:
        tables: of the source.
        fields: the mapping.
        private: whether the names that are there may be quoted; see `Schema.private`.

    Raises:
        SourceError: a column is nowhere; with the key of the config and the closest names.
    """
    mapped = {name: getattr(fields, name) for name in FieldsConfig.model_fields}
    asked = {
        path: f"personas.fields.{name}"
        for name, entry in mapped.items()
        for path in (entry.columns if entry is not None else ())
    }
    if mapped["description"] is None:
        asked["description"] = ""
    for table in tables:
        columns = table.columns()
        if columns is not None:
            for path in asked:
                if not any(_leads_to(column, path) for column in columns):
                    known = None if private else columns
                    raise SourceError(table.source, _problem(path, asked, known))
    fixed = tables[0].columns() or ()
    inside = {path: key for path, key in asked.items() if path not in fixed}
    _demand_in_rows(tables, inside, private)


def _demand_in_rows(tables: Sequence[Table], asked: Mapping[str, str], private: bool) -> None:
    missing = list(asked)
    names: dict[str, None] = {}
    rows = (row for table in tables for row in table.rows())
    number = 0
    while missing:
        row = next(rows, None)
        if row is None:
            break
        if isinstance(row, RowError):
            continue
        number += 1
        if number <= _LOOKED_AT:
            names |= _names_in(row)
        missing = [path for path in missing if not _stands_in(row, path)]
    if missing and number:
        known = None if private else list(names)
        raise SourceError(source_name(tables), _problem(missing[0], asked, known))


def _names_in(row: Row) -> dict[str, None]:
    try:
        return dict.fromkeys(paths_of(row.fields))
    except RowError:
        return {}


def _stands_in(row: Row, path: str) -> bool:
    """Whether the row has something at `path`; a cell that cannot be read is not nothing."""
    try:
        return look_up(row.fields, path) is not MISSING
    except RowError:
        return True


def paths_of(fields: Mapping[str, object], depth: int = 3) -> Iterator[str]:
    """The names of the columns, and of what stands in objects inside of them."""
    for name, value in fields.items():
        yield name
        for inner in _objects(value) if depth > 1 else ():
            yield from (f"{name}.{path}" for path in paths_of(inner, depth - 1))


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, str):
        value = structure(value)
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield each


def _leads_to(column: str, path: str) -> bool:
    return path == column or path.startswith(f"{column}.")


def _problem(path: str, asked: Mapping[str, str], known: Collection[str] | None) -> str:
    if not asked[path]:
        there = "" if known is None else f": there are {quoted(known) or 'no columns'}"
        return (
            "has no column 'description', which every persona needs; map one with "
            f"'personas.fields.description' ('matrix-sim personas inspect' guesses which){there}"
        )
    closest = "correct it" if known is None else nearest(path, list(known))
    return f"has no column {path!r}, which '{asked[path]}' names; {closest}"
