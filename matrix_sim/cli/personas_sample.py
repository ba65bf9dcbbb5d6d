"""`matrix-sim personas sample`: made-up people, as many as one likes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class SampleLanguage(StrEnum):
    """The languages that people can be made up in."""

    JA = "ja"
    EN = "en"


def sample(
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many people.")],
    seed: Annotated[int, typer.Option(min=0, help="Decides who they are.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="JSONL file; stdout if absent."),
    ] = None,
    language: Annotated[
        SampleLanguage, typer.Option(help="In which they are described.")
    ] = SampleLanguage.JA,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Recombine the attributes of the people in this file: this program's JSONL, or "
            "the columns of Nemotron-Personas-Japan.",
        ),
    ] = None,
) -> None:
    """Make up people, one JSON object a line; more of them begin with the same ones."""
    import sys

    from matrix_sim.export.personas import export_personas, persona_line
    from matrix_sim.personas.sampler.sampling import personas_for

    people = personas_for(count, seed, language.value, like)
    if output is None:
        for persona in people:
            sys.stdout.write(persona_line(persona))
        sys.stdout.flush()
        return
    written = export_personas(people, output)
    print(f"{written:,} people in {output}", file=sys.stderr)
