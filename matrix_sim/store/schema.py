"""The tables of a run and how older ones become newer ones.

Rows lie in rowid tables in the order of their writing, and the keys in indexes beside them:
measured with 800-byte bodies, clustering by key (WITHOUT ROWID) costs up to half as much space
again, since such rows overflow their pages, and 1.5 times the CPU.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from matrix_sim.errors import UsageError

APPLICATION_ID = int.from_bytes(b"MtxS", "big")
"""Marks a database as a run's store, in the header of the file."""

PAGE_SIZE = 8192
"""Bytes; 5 % less space than with 4096 for rows of about 1 KB."""

Migration = tuple[str, ...]
"""The statements that lead from one version of the schema to the next."""

_FIRST: Migration = (
    """
    CREATE TABLE events (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (kind, key)
    )
    """,
    """
    CREATE TABLE ticks (
        grp INTEGER NOT NULL,
        tick INTEGER NOT NULL,
        round INTEGER NOT NULL,
        quiescent INTEGER NOT NULL,
        actions INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (grp, tick)
    )
    """,
    """
    CREATE TABLE scenarios (
        window INTEGER NOT NULL,
        grp INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (window, grp)
    )
    """,
    # All but the reply are NULL until there is one, so an open call is a short row.
    """
    CREATE TABLE calls (
        address TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        request_hash BLOB NOT NULL,
        role TEXT NOT NULL,
        reserved_tokens INTEGER NOT NULL,
        sends INTEGER NOT NULL,
        finish TEXT,
        prompt_tokens INTEGER,
        completion_tokens INTEGER,
        cached_tokens INTEGER,
        uncached_tokens INTEGER,
        sendings INTEGER,
        reply BLOB,
        PRIMARY KEY (address, attempt, request_hash)
    )
    """,
    """
    CREATE TABLE prompts (
        request_hash BLOB PRIMARY KEY,
        base BLOB,
        shared INTEGER NOT NULL,
        tail BLOB NOT NULL
    )
    """,
)

# Made anew, because the reply, which may be long, has to stay the last column: what adds up the
# others would have to read past it.
_BOOKS: Migration = (
    """
    CREATE TABLE calls_2 (
        address TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        request_hash BLOB NOT NULL,
        role TEXT NOT NULL,
        reserved_tokens INTEGER NOT NULL,
        reserved_cost INTEGER NOT NULL DEFAULT 0,
        sends INTEGER NOT NULL,
        open INTEGER NOT NULL,
        forfeited_tokens INTEGER NOT NULL DEFAULT 0,
        forfeited_cost INTEGER NOT NULL DEFAULT 0,
        taken INTEGER NOT NULL DEFAULT 0,
        repeats TEXT,
        finish TEXT,
        prompt_tokens INTEGER,
        completion_tokens INTEGER,
        cached_tokens INTEGER,
        uncached_tokens INTEGER,
        sendings INTEGER,
        cost INTEGER,
        reply BLOB,
        PRIMARY KEY (address, attempt, request_hash)
    )
    """,
    """
    INSERT INTO calls_2 (
        address, attempt, request_hash, role, reserved_tokens, sends, open, forfeited_tokens,
        finish, prompt_tokens, completion_tokens, cached_tokens, uncached_tokens, sendings, cost,
        reply
    )
    SELECT
        address, attempt, request_hash, role, reserved_tokens, sends, reply IS NULL AND sends > 0,
        reserved_tokens * max(0, sends - 1),
        finish, prompt_tokens, completion_tokens, cached_tokens, uncached_tokens, sendings,
        iif(reply IS NULL, NULL, 0), reply
    FROM calls ORDER BY rowid
    """,
    "DROP TABLE calls",
    "ALTER TABLE calls_2 RENAME TO calls",
    """
    CREATE TABLE setbacks (
        role TEXT NOT NULL,
        cause TEXT NOT NULL,
        met INTEGER NOT NULL,
        lost INTEGER NOT NULL,
        PRIMARY KEY (role, cause)
    )
    """,
)
"""Of a call: `open`, whether the last reservation has not come to its end; `forfeited_...`, what
stays charged of reservations that did, without a reply that says what it took; `taken`, whether it
is another run's, which paid for it; `repeats`, what was wrong with the reply before; `cost`, in
billionths. Of setbacks: how many sendings met what, and how many of them may have been paid."""

_DATASETS: Migration = (
    """
    CREATE TABLE candidates (
        dataset TEXT NOT NULL,
        number INTEGER NOT NULL,
        accepted INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (dataset, number)
    )
    """,
)

MIGRATIONS: tuple[Migration, ...] = (_FIRST, _BOOKS, _DATASETS)
"""Step n leads from version n to version n + 1. A step that was released never changes."""


def schema_version(
    connection: sqlite3.Connection, path: Path, migrations: tuple[Migration, ...] = MIGRATIONS
) -> int:
    """The version of the database's schema; 0 of an empty one. Changes nothing.

    Raises:
        UsageError: another program's database, or one of a newer version of this program.
        sqlite3.DatabaseError: no database at all.
    """
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (application, version, tables) == (0, 0, 0):
        return 0
    if application != APPLICATION_ID:
        raise UsageError(
            f"{path} is a database of another program, not of a run; give another directory"
        )
    if version > len(migrations):
        raise UsageError(
            f"{path} has schema version {version}, and this matrix-sim knows versions up to"
            f" {len(migrations)}: continue the run with the newer version that wrote it"
        )
    return version


def migrate(
    connection: sqlite3.Connection,
    version: int,
    migrations: tuple[Migration, ...] = MIGRATIONS,
) -> None:
    """Bring a database from `version` to the newest, in one transaction."""
    if version == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in migrations[version:]:
            for statement in step:
                connection.execute(statement)
        # A PRAGMA takes no bound values; both are integers of our own.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        connection.execute(f"PRAGMA user_version = {len(migrations):d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
