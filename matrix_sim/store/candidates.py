"""The rows of what became of candidates."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from matrix_sim.store.codec import decode_candidate, encode_candidate
from matrix_sim.store.failures import StoreConflict
from matrix_sim.synthesis.contracts import Candidate

_COMMIT = "INSERT OR IGNORE INTO candidates VALUES (?, ?, ?, ?)"
_ONE = "SELECT body FROM candidates WHERE dataset = ? AND number = ?"
_ALL = "SELECT body FROM candidates WHERE dataset = ? ORDER BY number"
_DROP = "DELETE FROM candidates WHERE dataset = ? AND number >= ?"


class CandidateTable:
    """The candidates of all data sets of one database; inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def commit(self, candidate: Candidate) -> None:
        """Keep what became of one; the same again changes nothing.

        Raises:
            StoreConflict: the store holds something else.
        """
        where = (candidate.dataset, candidate.draw.number)
        row = (*where, candidate.accepted, encode_candidate(candidate))
        if self._connection.execute(_COMMIT, row).rowcount:
            return
        (body,) = self._connection.execute(_ONE, where).fetchone()
        if decode_candidate(body) != candidate:
            raise StoreConflict(
                f"candidate {where[1]} of the data set {where[0]} is committed already, and came"
                " out differently this time: the data would no longer follow from its seed"
            )

    def of(self, dataset: str) -> Iterator[Candidate]:
        """Those of a data set in the order of their numbers."""
        for (body,) in self._connection.execute(_ALL, (dataset,)):
            yield decode_candidate(body)

    def drop(self, dataset: str, first: int) -> None:
        """Forget those of a data set from number `first` on."""
        self._connection.execute(_DROP, (dataset, first))
