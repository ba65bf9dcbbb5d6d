"""Opening the database of a run so that what is committed survives a power cut."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.store.failures import StoreUnavailable, store_unavailable
from matrix_sim.store.schema import MIGRATIONS, PAGE_SIZE, migrate, schema_version

DATABASE_FILE = "run.sqlite"

_WRITER_PATIENCE_S = 10.0
"""How long the writer waits for readers, where journal and file system make it."""

_READER_PATIENCE_S = 1.0
"""How long a reader waits for a writer that is recovering or closing the database."""


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the whole database into a failure with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        failure = store_unavailable(error, path)
        if failure is None:
            raise
        raise failure from error


def open_for_writing(path: Path, *, exclusive: bool, create: bool) -> sqlite3.Connection:
    """Open, and where need be make or migrate, the one connection that writes.

    Args:
        path: the database file.
        exclusive: no shared memory, an exclusive rollback journal: for network file systems.
        create: whether an empty database becomes a run's.

    Raises:
        UsageError: the file is something else.
        StoreUnavailable: it cannot be read or written.
    """
    with explained(path):
        connection = _connect(str(path), _WRITER_PATIENCE_S)
        try:
            if exclusive:
                # Before the first access, or a database left in WAL would ask for shared memory.
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE:d}")
            version = _recognise(connection, path)
            if version == 0 and not create:
                raise _never_begun(path)
            _set_journal(connection, "delete" if exclusive else "wal", path)
            connection.execute("PRAGMA synchronous = FULL")
            # What is forgotten on purpose is overwritten; nothing else is ever deleted here.
            connection.execute("PRAGMA secure_delete = ON")
            # KiB, if negative: the key indexes of a million calls stay in memory.
            connection.execute("PRAGMA cache_size = -65536")
            migrate(connection, version)
        except BaseException:
            connection.close()
            raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a connection that reads, also while another process writes.

    Raises:
        UsageError: the file is no run's, or of an older version.
        StoreUnavailable: it cannot be read.
    """
    with explained(path):
        connection = _connect(f"{path.as_uri()}?mode=ro", _READER_PATIENCE_S)
        try:
            version = _recognise(connection, path)
            if version == 0:
                raise _never_begun(path)
            if version < len(MIGRATIONS):
                raise UsageError(
                    f"{path} has schema version {version}, of an older matrix-sim: continue the"
                    " run once with this version to bring it up to date"
                )
        except BaseException:
            connection.close()
            raise
    return connection


def open_in_memory() -> sqlite3.Connection:
    """A database that lives as long as its connection, for runs that need not last."""
    connection = _connect(":memory:", 0.0)
    migrate(connection, 0)
    return connection


def close_writer(connection: sqlite3.Connection) -> None:
    """Close, leaving one plain file where nobody reads at the moment.

    A database at rest in WAL mode could not be read from a read-only directory.
    """
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def copy_database(source: sqlite3.Connection, path: Path) -> None:
    """Copy a database, as of its last commit, to the file `path`, whole or not at all.

    Raises:
        UsageError: `path` is a directory, or its folder does not exist.
        StoreUnavailable: it cannot be written.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"cannot back up to {path}: give a file in a folder that exists")
    part = path.with_name(f"{path.name}.part")
    with explained(path):
        try:
            part.unlink(missing_ok=True)
            with contextlib.closing(_connect(str(part), _WRITER_PATIENCE_S)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
            part.replace(path)
        except OSError as error:
            raise StoreUnavailable(f"cannot back up to {path}: {error.strerror}") from error
        finally:
            # Only where it failed is there anything left: half a copy on, perhaps, a full disk.
            part.unlink(missing_ok=True)


def _connect(database: str, patience_s: float) -> sqlite3.Connection:
    # An actor is made in one thread and its event loop runs in another: one at a time.
    return sqlite3.connect(
        database,
        uri=database.startswith("file:"),
        isolation_level=None,
        check_same_thread=False,
        timeout=patience_s,
    )


def _recognise(connection: sqlite3.Connection, path: Path) -> int:
    try:
        return schema_version(connection, path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname == "SQLITE_NOTADB":
            raise UsageError(
                f"{path} is not an SQLite database: give another directory, or go back to a backup"
            ) from error
        raise


def _set_journal(connection: sqlite3.Connection, wanted: str, path: Path) -> None:
    (mode,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
    if mode != wanted:
        raise StoreUnavailable(
            f"{path}: its file system does not allow journal mode {wanted} (it stays {mode});"
            " put the run on a local disk"
        )


def _never_begun(path: Path) -> UsageError:
    return UsageError(f"{path.parent} holds no run yet: start one there with `matrix-sim run`")
