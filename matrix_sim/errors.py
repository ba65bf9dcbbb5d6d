"""Errors that end a command, each with the fact in it and what to do next.

Two families decide the exit code: what the user wrote is wrong (`UsageError`, 2) or what
was asked for could not be done (`RunFailure`, 1). Anything else is a bug.
"""

from __future__ import annotations


class MatrixSimError(Exception):
    """Base of every error that is shown without a traceback."""

    exit_code = 1


class UsageError(MatrixSimError):
    """Wrong input: a file, a row, a field, a config key, an argument."""

    exit_code = 2


class RunFailure(MatrixSimError):
    """The run could not go on; what was done is kept and the same command continues it."""

    exit_code = 1
