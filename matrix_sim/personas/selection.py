"""n personas of a source, chosen by seed while its rows stream past."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from matrix_sim.canonical import content_hash
from matrix_sim.config.personas import InvalidRows
from matrix_sim.errors import UsageError
from matrix_sim.personas.reader import PersonaReader, ReadPersona
from matrix_sim.personas.rows import Place, Row, RowError, Table, source_name
from matrix_sim.randomness import named_seed

_PLACES = 3
"""How many of the rows that were left out for one reason are named."""

_Rank = tuple[int, str]
"""The higher, the sooner a row is chosen."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that could not be read, for one reason."""

    reason: str
    rows: int
    first: tuple[Place, ...]
    """Where the first of them stand."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        places = [str(place) for place in self.first]
        return {"reason": self.reason, "rows": self.rows, "first": places}

    def __str__(self) -> str:
        more = ", ..." if self.rows > len(self.first) else ""
        return f"{self.rows} x {self.reason} ({', '.join(map(str, self.first))}{more})"


@dataclass(frozen=True, slots=True)
class ChosenPersonas:
    """The personas that were chosen, in the order of the source."""

    read: tuple[ReadPersona, ...]
    rows_seen: int
    """How many rows the source has."""
    left_out: tuple[LeftOut, ...]
    """What would have been chosen if it could have been read, most frequent first; and lines that
    are no rows at all."""


def choose_personas(
    tables: Sequence[Table],
    reader: PersonaReader,
    count: int | None,
    seed: int,
    invalid: InvalidRows = "stop",
) -> ChosenPersonas:
    """Choose `count` personas of the tables; all of them if it is None.

    Those are chosen whose keys hash lowest under `seed`. Nothing else decides, so the same rows
    are chosen in whatever format, order and shards they come. Rows stream past once; only those
    are read as personas that are among the lowest so far, and no more than `count` are held.

    Raises:
        SourceError: a table cannot be read, or lacks required columns.
        RowError: with `stop`, a row is broken or has no key, repeats the key of a candidate, or
            would be chosen and cannot be read.
        UsageError: there are fewer than `count` rows to choose from, or none.
    """
    candidates = _Candidates(reader, seed, sys.maxsize if count is None else count, invalid)
    rows_seen = 0
    for row in _rows(tables):
        rows_seen += 1
        if isinstance(row, RowError):
            candidates.refuse(row)
        else:
            candidates.offer(row, rows_seen)
    source = source_name(tables)
    if rows_seen == 0:
        raise UsageError(f"{source}: holds no rows; download or export it again")
    chosen = candidates.chosen()
    left_out = by_reason(candidates.refusals())
    if len(chosen) < (count or 1):
        raise UsageError(_too_few(source, count, len(chosen), left_out))
    return ChosenPersonas(chosen, rows_seen, left_out)


def by_reason(refusals: Iterable[RowError]) -> tuple[LeftOut, ...]:
    """Count rows that cannot be read by what is wrong with them, most frequent first."""
    places: dict[str, list[Place]] = {}
    for refusal in refusals:
        places.setdefault(refusal.reason, []).append(refusal.place)
    counted = [LeftOut(why, len(all_), tuple(all_[:_PLACES])) for why, all_ in places.items()]
    return tuple(sorted(counted, key=lambda left_out: (-left_out.rows, left_out.reason)))


def _rows(tables: Sequence[Table]) -> Iterator[Row | RowError]:
    for table in tables:
        yield from table.rows()


def _too_few(source: str, count: int | None, there: int, left_out: Sequence[LeftOut]) -> str:
    why = "".join(f"\n  left out: {one}" for one in left_out)
    if count is None:
        return f"{source}: no row can be read as a persona{why}"
    return (
        f"{source}: 'personas.count' asks for {count:,} personas and there are {there:,}; "
        f"ask for fewer, or leave 'count' out to take all{why}"
    )


@dataclass(frozen=True, slots=True)
class _Candidate:
    position: int
    place: Place
    outcome: ReadPersona | RowError


class _Candidates:
    """The `limit` keys with the lowest hashes so far, and what their rows were read as."""

    def __init__(self, reader: PersonaReader, seed: int, limit: int, invalid: InvalidRows) -> None:
        self._reader = reader
        self._seed = seed
        self._limit = limit
        self._skips = invalid == "skip"
        self._worst_first: list[_Rank] = []
        self._by_key: dict[str, _Candidate] = {}
        self._refused: list[tuple[_Rank | None, RowError]] = []

    def offer(self, row: Row, position: int) -> None:
        """Take the row if it is among the lowest, and let the worst go if there is one too many.

        A key that is among the lowest in the end was so from its first row on: if another row
        has it too, that row meets it here.

        Raises:
            RowError: with `stop`, the row has no key, or a candidate has its key already.
        """
        try:
            key = self._reader.key(row)
        except RowError as error:
            self.refuse(error)
            return
        rank = (-named_seed(self._seed, "persona", key), key)
        if len(self._by_key) == self._limit and rank < self._worst_first[0]:
            return
        known = self._by_key.get(key)
        shown = "" if self._reader.schema.private else f": {key!r}"
        if known is not None and not self._skips:
            raise _repetition(row.place, known, shown)
        outcome = self._read(row)
        if isinstance(outcome, RowError) and self._skips:
            self.refuse(outcome, rank)
            return
        candidate = _Candidate(position, row.place, outcome)
        if known is not None:
            # Not the first: which one that is would be up to the order of the rows.
            kept, other = sorted((known, candidate), key=_said)
            self.refuse(_repetition(other.place, kept, shown), rank)
            self._by_key[key] = kept
            return
        heappush(self._worst_first, rank)
        self._by_key[key] = candidate
        if len(self._by_key) > self._limit:
            del self._by_key[heappop(self._worst_first)[1]]

    def refuse(self, error: RowError, rank: _Rank | None = None) -> None:
        """Leave a row out that has no rank or a good one.

        Raises:
            RowError: with `stop`.
        """
        if not self._skips:
            raise error
        self._refused.append((rank, error))

    def chosen(self) -> tuple[ReadPersona, ...]:
        """The candidates in the order of the source.

        Raises:
            RowError: one of them cannot be read.
        """
        read = []
        for candidate in sorted(self._by_key.values(), key=lambda each: each.position):
            if isinstance(candidate.outcome, RowError):
                raise candidate.outcome
            read.append(candidate.outcome)
        return tuple(read)

    def refusals(self) -> list[RowError]:
        """What was left out of the rows that would have been chosen; and what is no row."""
        worst = self._worst_first[0] if len(self._by_key) == self._limit else None
        return [
            error for rank, error in self._refused if rank is None or worst is None or rank >= worst
        ]

    def _read(self, row: Row) -> ReadPersona | RowError:
        try:
            return self._reader.read(row)
        except RowError as error:
            return error


def _said(candidate: _Candidate) -> str:
    """A hash of the persona; empty for a row that cannot be read."""
    read = candidate.outcome
    if isinstance(read, RowError):
        return ""
    return content_hash(read.persona.model_dump(mode="json"))


def _repetition(place: Place, known: _Candidate, shown: str) -> RowError:
    if isinstance(known.outcome, ReadPersona) and known.outcome.id_made:
        problem = f"says the same as {known.place}; remove one of them, or give the rows ids"
        return RowError(place, problem, "says the same as another row")
    problem = (
        f"has the same id as {known.place}{shown}; "
        "give each row an id of its own, or remove one of them"
    )
    return RowError(place, problem, "has the same id as another row")
