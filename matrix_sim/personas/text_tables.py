"""CSV and JSONL files as streams of rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
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
_LONE_CR = "new-line character seen"
"""How Python's reader says that a CR stands alone: once line ends of the Macintosh, now hardly
anything writes them, and a reader of lines sees one line."""


class CsvTable:
    """A CSV file with a header line, comma-separated, quoted with double quotation marks."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.source = path
        self._schema = schema

    def columns(self) -> tuple[str, ...]:
        """The names in the header."""
        return tuple(next((cells for _, cells in self._records()), ()))

    def row_count(self) -> None:
        """Unknown: a row may span lines."""

    def rows(self) -> Iterator[Row | RowError]:
        """Every row with all its fields; see `Table.rows`."""
        header: list[str] | None = None
        for number, (line, cells) in enumerate(self._records()):
            if header is None:
                header = self._checked(cells)
                continue
            place = Place(self.source, number, line)
            if len(cells) != len(header):
                problem = (
                    f"has {len(cells)} fields where the header has {len(header)}; "
                    "put text that holds commas or line breaks into quotation marks"
                )
                yield RowError(place, problem, "more or fewer fields than the header")
            else:
                yield Row(place, dict(zip(header, cells, strict=True)))

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Header and rows, each with the line that it begins on; empty lines are skipped."""
        # strict: a quotation mark that is never closed must be an error, not one huge field.
        csv.field_size_limit(_LARGEST_CELL)
        reader = csv.reader(_lines(self.source), strict=True)
        number = 0
        while True:
            line = reader.line_num + 1
            broken = None
            try:
                cells = next(reader, None)
            except csv.Error as error:
                broken = str(error)
            if broken is not None and broken.startswith(_LONE_CR):
                problem = "has line ends of a lone CR; save it with LF or CRLF, as all systems can"
                raise RowError(Place(self.source, number, line), problem, "line ends of a lone CR")
            if broken is not None:
                problem = (
                    f"is broken CSV ({broken}); look for a quotation mark that is not closed or "
                    'not doubled ("") in the row that begins there'
                )
                raise RowError(Place(self.source, number, line), problem, "broken CSV")
            if cells is None:
                return
            if cells:
                number += 1
                yield line, cells

    def _checked(self, header: list[str]) -> list[str]:
        problem = repeated_columns(header, self._schema) or missing_columns(header, self._schema)
        if problem:
            raise SourceError(self.source, problem)
        return header


class JsonlTable:
    """A file with one JSON object a line; empty lines are skipped."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.source = path
        self._schema = schema

    def columns(self) -> None:
        """Each line has its own."""

    def row_count(self) -> None:
        """Unknown: there may be empty lines."""

    def rows(self) -> Iterator[Row | RowError]:
        """Every row with all its fields; see `Table.rows`."""
        number = 0
        for line, text in enumerate(_lines(self.source), start=1):
            if text.strip():
                number += 1
                yield self._row(text, Place(self.source, number, line))

    def _row(self, text: str, place: Place) -> Row | RowError:
        # Not orjson: it refuses lone surrogates, which are to be replaced and counted later.
        try:
            fields = json.loads(text)
        except json.JSONDecodeError as error:
            problem = (
                f"is no valid JSON ({error.msg} at character {error.colno}); "
                "JSONL has one object {...} a line"
            )
            return RowError(place, problem, "no valid JSON")
        except (ValueError, RecursionError) as error:
            problem = f"is no JSON that can be read ({error}); correct or remove the line"
            return RowError(place, problem, "no JSON that can be read")
        if not isinstance(fields, dict):
            kind = _JSON_NAMES[type(fields)]
            problem = f"holds a JSON {kind}; JSONL has one object {{...}} a line"
            return RowError(place, problem, "no JSON object")
        lacking = missing_columns(fields, self._schema)
        return RowError(place, lacking, "lacks columns") if lacking else Row(place, fields)


_JSON_NAMES = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def _lines(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file with their endings, without a byte order mark."""
    offset = 0
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                at = _undecodable(raw)
                if at is not None:
                    problem = (
                        f"is not UTF-8: line {number} has byte 0x{raw[at]:02x} at offset "
                        f"{offset + at} of the file; save it as UTF-8 (Excel: 'CSV UTF-8')"
                    )
                    raise SourceError(path, problem)
                line = raw.decode()
                yield line.removeprefix("\ufeff") if number == 1 else line
                offset += len(raw)
    except OSError as error:
        raise SourceError(
            path, f"cannot be read ({error.strerror}); check the path and its permissions"
        ) from error


def _undecodable(raw: bytes) -> int | None:
    """Where a line stops being UTF-8; None if it does not.

    Python's own error holds the whole line, which an error of ours must not bring along.
    """
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None
