"""How a command ends when something is wrong: one clear message, an exit code, no traceback."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from matrix_sim.errors import MatrixSimError

LESS_THAN_ASKED = 3
"""A run came to its end, and has fewer rows or scenarios than were asked for. Not 1: the same
command again would change nothing."""
INTERRUPTED = 130
"""128 + SIGINT, as shells say it."""
_DEBUG = "--debug"


class ReportingGroup(TyperGroup):
    """The verbs of the program; whatever one raises becomes a message on stderr and an exit code.

    `--debug` may stand before the verb or anywhere after it, and adds the traceback.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move `--debug` to the front, where it is an option of the program."""
        if _DEBUG in args:
            args = [_DEBUG, *(a for a in args if a != _DEBUG)]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, EOFError, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            message, code = verdict(error)
            if ctx.params.get("debug"):
                traceback.print_exception(error)
            else:
                print(f"matrix-sim: {message}", file=sys.stderr)
            raise typer.Exit(code) from None


def verdict(error: BaseException) -> tuple[str, int]:
    """What to say about an error, and the exit code: 2 for wrong usage, 1 for a failure."""
    told = _told(error)
    if isinstance(told, MatrixSimError):
        return str(told), told.exit_code
    if isinstance(told, KeyboardInterrupt):
        return "interrupted; the same command goes on from what is kept", INTERRUPTED
    if isinstance(told, OSError):
        return str(told), 1
    kind = type(told).__name__
    return f"a bug: {kind}: {told}\n  The same command with {_DEBUG} shows where.", 1


def _told(error: BaseException) -> BaseException:
    """The error itself; of a task group's, the one that says most."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_told(e) for e in error.exceptions]
    return next((e for e in leaves if isinstance(e, MatrixSimError)), leaves[0])
