"""CSV and JSONL files as streams of rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from matrix_sim.personas.rows import (
    Place,
    Row,
    RowError,
    Schema,
    SourceError,
    missing_columns,
    repeated_columns,
)

_LARGEST_CELL = 10_000_000
"""Characters; Python's own limit, 131,072, is reached by a persona with many posts."""


class CsvTable:
    """A CSV file with a header line, comma-separated, quoted with double quotation marks."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema

    def scan(self) -> Iterator[Row]:
        """Every row with all its fields; see `Table.scan`."""
        # strict: a quotation mark that is never closed must be an error, not one huge field.
        csv.field_size_limit(_LARGEST_CELL)
        reader = csv.reader(_lines(self.path), strict=True)
        header: list[str] | None = None
        number = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                problem = (
                    f"is broken CSV ({error}); look for a quotation mark that is not closed or not "
                    'doubled ("") in the row that begins there'
                )
                raise RowError(Place(self.path, number + 1, line), problem) from error
            if cells is None:
                return
            if not cells:
                continue
            if header is None:
                header = self._checked(cells)
                continue
            number += 1
            place = Place(self.path, number, line)
            if len(cells) != len(header):
                problem = (
                    f"has {len(cells)} fields where the header has {len(header)}; "
                    "put text that holds commas or line breaks into quotation marks"
                )
                raise RowError(place, problem)
            yield Row(place, dict(zip(header, cells, strict=True)))

    def complete(self, rows: Sequence[Row]) -> Iterator[Row]:
        """The rows as they are: a scan reads all fields anyway."""
        return iter(rows)

    def _checked(self, header: list[str]) -> list[str]:
        problem = repeated_columns(header, self._schema) or missing_columns(header, self._schema)
        if problem:
            raise SourceError(self.path, problem)
        return header


class JsonlTable:
    """A file with one JSON object a line; empty lines are skipped."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema

    def scan(self) -> Iterator[Row]:
        """Every row with all its fields; see `Table.scan`."""
        number = 0
        for line, text in enumerate(_lines(self.path), start=1):
            if not text.strip():
                continue
            number += 1
            place = Place(self.path, number, line)
            fields = _parsed(text, place)
            if not isinstance(fields, dict):
                problem = (
                    f"holds a JSON {_JSON_NAMES[type(fields)]}; JSONL has one object {{...}} a line"
                )
                raise RowError(place, problem)
            lacking = missing_columns(fields, self._schema)
            if lacking:
                raise RowError(place, lacking)
            yield Row(place, fields)

    def complete(self, rows: Sequence[Row]) -> Iterator[Row]:
        """The rows as they are: a scan reads all fields anyway."""
        return iter(rows)


_JSON_NAMES = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def _parsed(text: str, place: Place) -> object:
    # Not orjson: it refuses lone surrogates, which are to be replaced and counted later.
    try:
        parsed: object = json.loads(text)
    except json.JSONDecodeError as error:
        problem = (
            f"is no valid JSON ({error.msg} at character {error.colno}); "
            "JSONL has one object {...} a line"
        )
    except (ValueError, RecursionError) as error:
        problem = f"is no JSON that can be read ({error}); correct or remove the line"
    else:
        return parsed
    # Out of reach of the parser's error, which holds the line: it may be a person's.
    raise RowError(place, problem)


def _lines(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file with their endings, without a byte order mark."""
    offset = 0
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                problem = None
                try:
                    line = raw.decode()
                except UnicodeDecodeError as error:
                    problem = (
                        f"is not UTF-8: line {number} has byte 0x{raw[error.start]:02x} at offset "
                        f"{offset + error.start} of the file; save it as UTF-8 (Excel: 'CSV UTF-8')"
                    )
                if problem:
                    # Out of reach of the decoder's error, which holds the line.
                    raise SourceError(path, problem)
                yield line.removeprefix("\ufeff") if number == 1 else line
                offset += len(raw)
    except OSError as error:
        raise SourceError(
            path, f"cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
