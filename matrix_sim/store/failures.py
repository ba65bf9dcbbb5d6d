"""What can go wrong with a store, and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from matrix_sim.errors import RunFailure


class StoreConflict(RunFailure):
    """A write contradicts what the store holds; only this write fails.

    It says that the same tick, scenario or call came out differently the second time: what
    happens would no longer be a function of what was committed.
    """


class StoreUnavailable(RunFailure):
    """Nothing can be read or written now, whatever it is: disk full, read-only, I/O error."""


_REMEDIES = {
    "SQLITE_FULL": "the disk is full: free some space",
    "SQLITE_READONLY": "it is read-only: make the directory and its files writable",
    "SQLITE_CANTOPEN": "it cannot be opened: check that its directory exists and is writable",
    "SQLITE_IOERR": "the disk failed to read or write: check it (dmesg, quota, mount)",
    "SQLITE_BUSY": "another process keeps it locked: wait for that to end",
    "SQLITE_LOCKED": "another process keeps it locked: wait for that to end",
    "SQLITE_CORRUPT": "it is damaged: go back to a backup",
    "SQLITE_NOTADB": "it is not an SQLite database: give another directory or go back to a backup",
    "SQLITE_NOMEM": "memory is short: free some",
    "SQLITE_PERM": "access is denied: check its owner and permissions",
}


def store_unavailable(error: sqlite3.Error, path: Path) -> StoreUnavailable | None:
    """What `error` means for the whole store; None where only one statement was at fault."""
    name = getattr(error, "sqlite_errorname", "")
    for prefix, remedy in _REMEDIES.items():
        if name.startswith(prefix):
            return StoreUnavailable(
                f"{path}: {remedy}; then start the same command again ({error})"
            )
    return None


def directory_unavailable(error: OSError, directory: Path) -> RunFailure:
    """What a failed operation on the run's directory means."""
    if error.errno == errno.ENOSPC:
        remedy = "the disk is full: free some space, then start the same command again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedy = "it is not writable: change its permissions or give another directory"
    else:
        remedy = f"{error.strerror or error}: give another directory"
    return RunFailure(f"run directory {directory}: {remedy}")
