"""`matrix-sim personas`: files of personas looked at and converted, and people made up.

A command of it is a file `personas_*.py` and a line in `main`.
"""

from __future__ import annotations

import typer

personas = typer.Typer(
    help="Look at files of personas, convert them, make people up.", no_args_is_help=True
)


@personas.callback()
def _personas() -> None:
    """Look at files of personas, convert them, make people up."""
