"""`matrix-sim personas inspect`: what a reader would make of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matrix_sim.cli.options import JsonOption
from matrix_sim.cli.personas_source import (
    ConfigOption,
    FieldOption,
    FileArgument,
    SourceOption,
    asked_for,
    place_of,
)
from matrix_sim.language import Language
from matrix_sim.prompts.material import one_line
from matrix_sim.text import clean_text, printable

if TYPE_CHECKING:
    from matrix_sim.personas.inspection import Inspection

_SHOWN = 3
"""Personas."""


def inspect(
    file: FileArgument,
    config: ConfigOption = None,
    source: SourceOption = None,
    field: FieldOption = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows to look at.")] = 1000,
    language: Annotated[
        Language | None, typer.Option(help="Of the prompts that show personas.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is in FILE, which columns would fill what, and how the first personas would look."""
    import json

    from matrix_sim.personas.inspection import inspect_source
    from matrix_sim.prompts.library import PromptLibrary

    asked = asked_for(file, config, source, field or ())
    tongue = language or asked.language or "ja"
    found = inspect_source(asked.personas, asked.base_dir, rows, tongue)
    prompts = PromptLibrary(tongue)
    shown = [prompts.text_of("profile", persona=each) for each in found.personas[:_SHOWN]]
    place = place_of(file)
    if as_json:
        told = json.dumps(_as_json(found, place, shown), ensure_ascii=False, indent=2)
        print(clean_text(told)[0])
    else:
        print(printable("\n".join(_lines(found, place, shown))))


def _as_json(found: Inspection, place: dict[str, Any], shown: list[str]) -> dict[str, Any]:
    return {
        "source": found.source,
        "schema": found.schema,
        "files": found.files,
        "rows": found.rows,
        "looked_at": found.looked_at,
        "columns": [asdict(column) for column in found.columns],
        "uses": {name: list(paths) for name, paths in found.uses.items()},
        "unused": list(found.unused),
        "suggestion": _suggested(found, place) if found.suggestion else None,
        "suggestion_used": found.suggestion_used,
        "readable": len(found.personas),
        "left_out": [one.as_dict() for one in found.left_out],
        "personas": [persona.model_dump(mode="json") for persona in found.personas[:_SHOWN]],
        "shown": shown,
    }


def _lines(found: Inspection, place: dict[str, Any], shown: list[str]) -> Iterator[str]:
    import yaml

    files = "" if found.files == 1 else f", {found.files} files"
    yield f"{found.source}{files}: {found.schema}"
    yield _extent(found)
    yield ""
    yield from _column_table(found)
    if found.unused:
        yield f"not used: {', '.join(map(one_line, found.unused))}"
    if found.suggestion:
        yield "\nA guess by the names of the columns; correct it and put it into the config:\n"
        yield yaml.safe_dump(_suggested(found, place), allow_unicode=True, sort_keys=False).rstrip()
    if found.left_out:
        lost = sum(one.rows for one in found.left_out)
        yield f"\n{lost} of {found.looked_at} rows cannot be read as a persona:"
        yield from (f"  {one}" for one in found.left_out)
    elif found.looked_at:
        yield "\nAll rows looked at can be read as personas."
    if shown:
        guessed = ", with the guess above" if found.suggestion_used else ""
        yield f"\nThe first as prompts show them{guessed}:"
    for persona, text in zip(found.personas, shown, strict=False):
        yield f"\n  {one_line(persona.id)}"
        yield from (f"    {line}" for line in text.splitlines())


def _extent(found: Inspection) -> str:
    if found.rows is None:
        return (
            f"more than {found.looked_at:,} rows; what follows is of the first {found.looked_at:,}"
        )
    if found.rows > found.looked_at:
        return f"{found.rows:,} rows; what follows is of the first {found.looked_at:,}"
    return f"{found.rows:,} rows"


def _column_table(found: Inspection) -> Iterator[str]:
    from rich.cells import cell_len

    makes: dict[str, list[str]] = {}
    for attribute, paths in found.uses.items():
        for path in paths:
            makes.setdefault(path, []).append(attribute)
    rows: list[tuple[str, ...]] = [("column", "holds", "filled", "makes", "example")]
    rows += [
        (
            column.name,
            column.kind,
            f"{column.filled:.0%}",
            ", ".join(makes.get(column.name, ["-"])),
            column.example,
        )
        for column in found.columns
    ]
    # What comes from a file must not break the table.
    rows = [tuple(printable(one_line(cell)) for cell in row) for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for *cells, example in rows:
        padded = (c + " " * (w - cell_len(c)) for c, w in zip(cells, widths, strict=False))
        yield "  ".join((*padded, example)).rstrip()


def _suggested(found: Inspection, place: dict[str, Any]) -> dict[str, Any]:
    from matrix_sim.personas.suggestion import as_config

    return {"personas": {"source": found.kind, **place, "fields": as_config(found.suggestion)}}
