"""Which directories may hold a run."""

from __future__ import annotations

from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.store.database import DATABASE_FILE
from matrix_sim.store.failures import directory_unavailable
from matrix_sim.store.lock import LOCK_FILE

_OWN_FILES = frozenset(
    {LOCK_FILE, *(DATABASE_FILE + suffix for suffix in ("", "-wal", "-shm", "-journal"))}
)
"""What a run that was killed while it began may have left."""


def prepare_directory(directory: Path, *, create: bool) -> None:
    """See that `directory` holds a run or, with `create`, can become one; makes it if need be.

    Raises:
        UsageError: it is no run, or holds other things.
        RunFailure: it cannot be made or read.
    """
    try:
        if not directory.exists() and create:
            directory.mkdir(parents=True)
        if not directory.is_dir():
            raise no_run(directory)
        names = {entry.name for entry in directory.iterdir()}
    except OSError as error:
        raise directory_unavailable(error, directory) from error
    if DATABASE_FILE in names:
        return
    if not create:
        raise no_run(directory)
    if foreign := sorted(names - _OWN_FILES):
        raise UsageError(
            f"{directory} holds other things ({foreign[0]}) and no run: give a new or empty"
            " directory with --run"
        )


def no_run(directory: Path) -> UsageError:
    """Why `directory` cannot be opened as a run."""
    if directory.is_file():
        return UsageError(f"{directory} is a file: a run is a directory")
    return UsageError(
        f"there is no run in {directory}: check --run, or start one there with `matrix-sim run`"
    )
