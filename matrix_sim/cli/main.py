"""The program `matrix-sim`: its verbs, one file each.

A verb's file imports what it needs inside its function, so that `--help` and a wrong argument
are answered at once.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from matrix_sim import __version__
from matrix_sim.cli.bench import bench
from matrix_sim.cli.check import check
from matrix_sim.cli.check_models import check_models
from matrix_sim.cli.errors import ReportingGroup
from matrix_sim.cli.estimate import estimate
from matrix_sim.cli.export import export
from matrix_sim.cli.personas import personas
from matrix_sim.cli.personas_convert import convert
from matrix_sim.cli.personas_inspect import inspect
from matrix_sim.cli.personas_sample import sample
from matrix_sim.cli.preview import preview
from matrix_sim.cli.push import push
from matrix_sim.cli.simulate import generate, run, simulate
from matrix_sim.cli.stub_server import stub_server
from matrix_sim.cli.swallowed_interrupts import swallowed_interrupts_come_again
from matrix_sim.cli.validate import validate

app = typer.Typer(
    name="matrix-sim",
    cls=ReportingGroup,
    help="A society of LLM-driven personas whose scenarios ground training data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_GC_THRESHOLD = 50_000
"""Allocations between two looks for cycles."""


def _show_version(asked: bool) -> None:
    if asked:
        print(f"matrix-sim {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Options of the program itself; `ReportingGroup` reads them."""


app.command("validate")(validate)
app.command("check")(check)
app.command("check-models")(check_models)
app.command("estimate")(estimate)
app.command("preview")(preview)
app.command("simulate")(simulate)
app.command("generate")(generate)
app.command("run")(run)
app.command("export")(export)
app.command("push")(push)
app.command("stub-server")(stub_server)
app.add_typer(bench, name="bench")
app.add_typer(personas, name="personas")
personas.command("inspect")(inspect)
personas.command("convert")(convert)
personas.command("sample")(sample)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code.

    0; 1, it could not be done; 2, wrong input; 3, a run came to its end with less than was asked
    for; 130, it was interrupted. Without `arguments` the process is the program's alone: it takes
    them from its own.
    """
    if arguments is None:
        return _as_a_process(sys.argv[1:])
    try:
        with swallowed_interrupts_come_again():
            app(args=list(arguments), prog_name="matrix-sim")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    return 0


def _as_a_process(arguments: Sequence[str]) -> int:
    """Look for cycles seldom, and not at all at the end: what is loaded holds none to be had.

    With Python's own threshold of 700 that was a third of the CPU of a small run's driver.
    """
    gc.set_threshold(_GC_THRESHOLD)
    try:
        return main(arguments)
    finally:
        gc.freeze()
