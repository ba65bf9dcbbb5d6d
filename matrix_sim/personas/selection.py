"""n rows of a source, chosen by seed while it streams past."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import groupby
from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.personas.fields import Fields
from matrix_sim.personas.rows import Row, RowError, Schema
from matrix_sim.personas.sources import open_tables
from matrix_sim.randomness import named_seed


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """The rows that were chosen, complete, in the order of the source."""

    rows: tuple[Row, ...]
    rows_seen: int
    """How many rows the source has."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    position: int
    table: int
    row: Row


def choose_rows(path: Path, schema: Schema, count: int | None, seed: int) -> ChosenRows:
    """Choose `count` rows of a file or a folder of shards; all of them if it is None.

    Those are chosen whose keys hash lowest under `seed`. Nothing else decides, so the same rows
    are chosen in whatever format, order and shards they come. No more than `count` rows are
    held at a time.

    Raises:
        SourceError: the source cannot be read, or lacks required columns.
        RowError: a row is broken, has no key, or repeats the key of a candidate.
        UsageError: the source has fewer than `count` rows, or none.
    """
    tables = open_tables(path, schema)
    limit = sys.maxsize if count is None else count
    candidates = _Candidates(seed, limit, quoting=not schema.private)
    rows_seen = 0
    for number, table in enumerate(tables):
        for row in table.scan():
            rows_seen += 1
            key = Fields(row, quoting=not schema.private).required_text(schema.key)
            candidates.offer(key, _Candidate(rows_seen, number, row))
    if rows_seen == 0:
        raise UsageError(f"{path}: holds no rows; download or export it again")
    if count is not None and rows_seen < count:
        raise UsageError(
            f"{path}: 'personas.count' asks for {count:,} personas and there are {rows_seen:,}; "
            "ask for fewer, or leave 'count' out to take all"
        )
    rows: list[Row] = []
    for number, chosen in groupby(candidates.in_order(), key=lambda candidate: candidate.table):
        rows.extend(tables[number].complete([candidate.row for candidate in chosen]))
    return ChosenRows(tuple(rows), rows_seen)


class _Candidates:
    """The `limit` keys with the lowest hashes so far, and their rows."""

    def __init__(self, seed: int, limit: int, *, quoting: bool) -> None:
        self._seed = seed
        self._quoting = quoting
        self._limit = limit
        self._worst_first: list[tuple[int, str]] = []
        self._by_key: dict[str, _Candidate] = {}

    def offer(self, key: str, candidate: _Candidate) -> None:
        """Take the candidate, and let the worst go if there is one too many.

        A key that is among the lowest in the end was so from its first row on: if another row
        has it too, that row meets it here.

        Raises:
            RowError: a candidate has that key already.
        """
        known = self._by_key.get(key)
        if known is not None:
            said = f": {key!r}" if self._quoting else ""
            raise RowError(
                candidate.row.place,
                f"has the same id as {known.row.place}{said}; "
                "give each row an id of its own, or remove one of them",
            )
        rank = (-named_seed(self._seed, "persona", key), key)
        if len(self._by_key) == self._limit and rank < self._worst_first[0]:
            return
        heappush(self._worst_first, rank)
        self._by_key[key] = candidate
        if len(self._by_key) > self._limit:
            del self._by_key[heappop(self._worst_first)[1]]

    def in_order(self) -> list[_Candidate]:
        """The candidates in the order of the source."""
        return sorted(self._by_key.values(), key=lambda candidate: candidate.position)
