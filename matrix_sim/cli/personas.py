"""`matrix-sim personas`: making and looking at personas without a run."""

from __future__ import annotations

import typer

from matrix_sim.cli.personas_sample import sample

personas = typer.Typer(help="Make personas.", no_args_is_help=True)
personas.command("sample")(sample)


@personas.callback()
def _personas() -> None:
    """Make personas."""
