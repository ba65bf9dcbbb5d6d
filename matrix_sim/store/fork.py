"""Beginning a new run with what an old one has paid for (S1)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.store.database import DATABASE_FILE, explained
from matrix_sim.store.directory import prepare_directory
from matrix_sim.store.run_store import RunStore

_WHAT_HAPPENED = ("events", "ticks", "scenarios", "candidates", "setbacks")
_WITHOUT_USE = """
DELETE FROM calls WHERE reply IS NULL OR request_hash NOT IN (SELECT request_hash FROM prompts)
"""
"""Calls without a reply, and those whose texts were erased (`ForgetTexts`): nobody can act on them.
What they cost was the old run's."""
_TAKEN_ALONG = "UPDATE calls SET taken = 1"


def fork_journal(source: Path, target: Path) -> None:
    """Make `target` a run that has `source`'s calls and replies and in which nothing has happened.

    Only requests that the new society words differently are then asked, and paid, again, and those
    of a role whose texts the old one has erased.

    Raises:
        UsageError: `source` is no run; `target` is one already, or holds other things.
        RunFailure: one of them cannot be read or written.
    """
    prepare_directory(target, create=True)
    if any(target.iterdir()):
        raise UsageError(f"{target} is not empty: give a new directory with --fork")
    copy = target / (DATABASE_FILE + ".part")
    with RunStore.read_only(source) as store:
        store.backup(copy)
    with explained(copy), closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for table in _WHAT_HAPPENED:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from above
        connection.execute(_WITHOUT_USE)
        connection.execute(_TAKEN_ALONG)
        connection.execute("VACUUM")
    copy.rename(target / DATABASE_FILE)
