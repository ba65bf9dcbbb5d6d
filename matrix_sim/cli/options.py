"""The arguments and options that verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigArgument = Annotated[Path, typer.Argument(metavar="CONFIG", help="The config of the run.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Replace a value of the config, such as --set society.ticks=6; may be repeated.",
    ),
]
RunOption = Annotated[Path, typer.Option("--run", metavar="DIR", help="The run directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]
