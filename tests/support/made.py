"""What the making of data sets left behind, as bytes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from matrix_sim.config.file import load_config
from matrix_sim.export.dataset import EXPORTS
from matrix_sim.store.database import DATABASE_FILE
from matrix_sim.store.run_store import RunStore
from tests.support.small_world import play_world
from tests.support.virtual_time import run_virtually

Rows = list[tuple[str, int, bytes]]
"""Every candidate of a run: data set, number and all that was committed of it."""

_ROWS = "SELECT dataset, number, body FROM candidates ORDER BY dataset, number"


def candidate_rows(run: Path) -> Rows:
    """The candidates of a run."""
    with closing(sqlite3.connect(run / DATABASE_FILE)) as database:
        return database.execute(_ROWS).fetchall()


def made_in(run: Path) -> int:
    """How many candidates there are; none in a run that is only just being begun."""
    try:
        return len(candidate_rows(run))
    except sqlite3.OperationalError:
        return 0


def expected_rows(config: Path) -> Rows:
    """The candidates as the domain makes them, in one process and without Ray."""
    loaded = load_config(config, (), {}).config
    with RunStore.in_memory() as store:
        run_virtually(play_world(loaded, store))
        return store._connection.execute(_ROWS).fetchall()


def questions(run: Path) -> list[tuple[str, int, bytes]]:
    """Everything that models were asked, each with the hash of what it said word for word."""
    with closing(sqlite3.connect(run / DATABASE_FILE)) as database:
        return sorted(database.execute("SELECT address, attempt, request_hash FROM calls"))


def exported(run: Path) -> dict[str, bytes]:
    """All files of all data sets, by their path in the exports."""
    folder = run / EXPORTS
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
