"""`matrix-sim personas convert`: any source of personas into our JSONL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from matrix_sim.cli.anonymised import anonymised_line
from matrix_sim.cli.options import JsonOption
from matrix_sim.cli.personas_source import (
    ConfigOption,
    FieldOption,
    FileArgument,
    SourceOption,
    asked_for,
)
from matrix_sim.language import Language
from matrix_sim.text import printable


def convert(
    file: FileArgument,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A .jsonl file; replaced if it is there.")
    ],
    config: ConfigOption = None,
    source: SourceOption = None,
    field: FieldOption = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="How many, chosen by the seed; all without it.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Which ones; the config's without it, or 0.")
    ] = None,
    invalid: Annotated[
        Literal["stop", "skip"] | None,
        typer.Option(help="What happens to a row that cannot be read: stop (the default) or skip."),
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="Of the words that stand for names.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the personas of FILE as JSONL, which `source: table` reads without any mapping."""
    import json

    from matrix_sim.errors import UsageError
    from matrix_sim.export.personas import export_personas
    from matrix_sim.personas.loading import load_personas

    if out.suffix != ".jsonl":
        raise UsageError(f"{out}: give a name that ends in .jsonl, by which it will be read")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"{out}: there is no folder {out.absolute().parent}; make it first")
    further = {"count": count, "invalid": invalid}
    asked = asked_for(file, config, source, field or (), further)
    chosen_by = asked.seed if seed is None else seed
    tongue = language or asked.language or "ja"
    selection = load_personas(asked.personas, chosen_by, asked.base_dir, tongue)
    export_personas(selection.personas, out)
    written = len(selection.personas)
    notes = list(selection.notes)
    if asked.personas.anonymised == "llm":
        notes.append(
            "only the rules have seen them; the model of 'anonymise: llm' looks when a run starts"
        )
    if as_json:
        figures = {
            "written": written,
            "rows": selection.rows_seen,
            "file": str(out),
            "source": selection.source,
            "attribution": selection.attribution,
            "anonymised": selection.anonymised,
            "left_out": [one.as_dict() for one in selection.left_out],
            "notes": notes,
        }
        print(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    print(printable(f"{written} personas of {selection.rows_seen} rows written: {out}"))
    told = [f"from: {selection.attribution}"]
    if selection.anonymised is not None:
        told.append(f"anonymised by rule: {anonymised_line(selection.anonymised)}")
    for line in (*told, *(f"note: {note}" for note in notes)):
        print(printable(f"  {line}"))
