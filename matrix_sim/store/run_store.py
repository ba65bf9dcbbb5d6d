"""The run store: the only truth about a run, written by one process, one thread at a time."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, assert_never

from matrix_sim.config import BudgetConfig
from matrix_sim.errors import UsageError
from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.llm.contracts import AbandonCall, CallKey, OpenCall, RecordCall, Reply
from matrix_sim.messages import Scenario, TickReport
from matrix_sim.society.contracts import Progress
from matrix_sim.store.budget import BudgetBook, Charged
from matrix_sim.store.calls import CallTable
from matrix_sim.store.candidates import CandidateTable
from matrix_sim.store.database import (
    DATABASE_FILE,
    close_writer,
    copy_database,
    explained,
    open_for_reading,
    open_for_writing,
    open_in_memory,
)
from matrix_sim.store.directory import no_run, prepare_directory
from matrix_sim.store.happenings import HappeningTables
from matrix_sim.store.lock import SYSTEM_CLOCK, Clock, RunLock
from matrix_sim.store.mounts import NETWORK_FILE_SYSTEMS, file_system_of, read_mounts
from matrix_sim.store.usage import CallUsage, read_charged, read_usage
from matrix_sim.store.writes import (
    CommitCandidate,
    CommitScenario,
    CommitTick,
    DropCandidates,
    DropEvent,
    DropScenarios,
    ForgetTexts,
    Item,
    ProcessDied,
    PutEvent,
    PutPrices,
    ReadCandidates,
    ReadEvents,
    ReadProgress,
    ReadReports,
    ReadScenarios,
    ReadUsage,
    SetAside,
)
from matrix_sim.synthesis.contracts import Candidate

NO_BUDGET = BudgetConfig()
"""No bound at all."""

_FAILPOINTS: dict[type, tuple[str, str]] = {
    OpenCall: ("journal.before_open", "journal.after_open"),
    RecordCall: ("journal.before_record", "journal.after_record"),
    CommitTick: ("tick.before_commit", "tick.after_commit"),
    CommitCandidate: ("candidate.before_commit", "candidate.after_commit"),
}
"""Per kind of item: before anything of it is written; durable, but nobody told yet."""


class RunStore:
    """The store of one run. Any thread may use it, but only one at a time."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        lock: RunLock | None = None,
        notices: tuple[str, ...] = (),
        budget: BudgetConfig = NO_BUDGET,
        failpoints: Failpoints = NO_FAILPOINTS,
    ) -> None:
        self.path = path
        """The database file."""
        self.notices = notices
        """What whoever started the run should be told about how it is kept."""
        self._connection = connection
        self._lock = lock
        self._failpoints = failpoints
        charged = Charged() if budget == NO_BUDGET else read_charged(connection)
        self.book = BudgetBook(budget, charged)
        """What may be spent, and was; without a budget it is not kept."""
        self._calls = CallTable(connection, self.book)
        self._happenings = HappeningTables(connection)
        self._candidates = CandidateTable(connection)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        owner: str,
        create: bool,
        wait_s: float = 0.0,
        budget: BudgetConfig = NO_BUDGET,
        clock: Clock = SYSTEM_CLOCK,
        mounts: Callable[[], str] = read_mounts,
        failpoints: Failpoints = NO_FAILPOINTS,
    ) -> RunStore:
        """Open the run in `directory` for writing, and lock it.

        Args:
            directory: the run's; with `create` it may be new or empty.
            owner: the command that opens it, for whoever finds it locked.
            create: whether to begin a run where there is none.
            wait_s: how long to wait for a predecessor that is about to end.
            budget: what its calls may come to, over all its starts.
            clock: time.
            mounts: gives the table of mounts, in the format of `/proc/self/mountinfo`.
            failpoints: faults on purpose.

        Raises:
            UsageError: the directory is no run, or of a newer version.
            RunLocked: another process writes the run.
            RunFailure: it cannot be read or written.
        """
        directory = directory.resolve()
        prepare_directory(directory, create=create)
        lock = RunLock.acquire(directory, what=owner, wait_s=wait_s, clock=clock)
        try:
            path = directory / DATABASE_FILE
            file_system = file_system_of(directory, mounts())
            shared = file_system in NETWORK_FILE_SYSTEMS
            connection = open_for_writing(path, exclusive=shared, create=create)
        except BaseException:
            lock.release()
            raise
        notices = (_network_notice(directory, file_system),) if shared else ()
        return cls(
            connection, path, lock=lock, notices=notices, budget=budget, failpoints=failpoints
        )

    @classmethod
    def read_only(cls, directory: Path) -> RunStore:
        """Open the run in `directory` for reading, without a lock, also while it is written.

        Raises:
            UsageError: there is no run, or one of another version.
            StoreUnavailable: it cannot be read.
        """
        directory = directory.resolve()
        path = directory / DATABASE_FILE
        if not path.is_file():
            raise no_run(directory)
        return cls(open_for_reading(path), path)

    @classmethod
    def in_memory(
        cls, *, budget: BudgetConfig = NO_BUDGET, failpoints: Failpoints = NO_FAILPOINTS
    ) -> RunStore:
        """A store that ends with this object."""
        return cls(open_in_memory(), Path(":memory:"), budget=budget, failpoints=failpoints)

    def apply(self, items: Sequence[Item]) -> list[object]:
        """Do all `items` in one transaction, durable on return.

        Returns:
            Per item its answer (see `writes`; a reply, `OverBudget` or None for `OpenCall`, the
            reply that the journal holds for `RecordCall`).

        Raises:
            StoreConflict: one contradicts what is there.
            StoreUnavailable: nothing can be written now.
            TypeError: one holds what cannot be stored.
            After any of them the store is as if nothing had been asked.
        """
        connection, failpoints = self._connection, self._failpoints
        self.book.begin()
        try:
            with explained(self.path):
                connection.execute("BEGIN IMMEDIATE")
                answers = [self._answer(item) for item in items]
                failpoints.reach("store.before_commit")
                connection.execute("COMMIT")
        except BaseException:
            self.book.roll_back()
            # SQLite has rolled back by itself after some errors, for one a full disk.
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise
        self.book.commit()
        if failpoints.armed:
            failpoints.reach("store.after_commit")
            for item in items:
                if points := _FAILPOINTS.get(type(item)):
                    failpoints.reach(points[1])
        return answers

    def _answer(self, item: Item) -> object:
        if self._failpoints.armed and (points := _FAILPOINTS.get(type(item))):
            self._failpoints.reach(points[0])
        match item:
            case OpenCall():
                return self._calls.open(item)
            case RecordCall():
                return self._calls.record(item)
            case AbandonCall():
                self._calls.abandon(item)
                return None
            case CommitTick(report):
                self._happenings.commit_tick(report)
                return None
            case CommitScenario(scenario):
                self._happenings.commit_scenario(scenario)
                return None
            case PutEvent(kind, key, body):
                return self._happenings.put_event(kind, key, body)
            case DropEvent(kind, key):
                self._happenings.drop_event(kind, key)
                return None
            case ProcessDied(holder):
                self._calls.bury(holder)
                return None
            case ForgetTexts(role):
                self._calls.forget_texts(role)
                return None
            case SetAside(addresses):
                self._calls.set_aside(addresses)
                return None
            case DropScenarios(keys):
                self._happenings.drop_scenarios(keys)
                return None
            case CommitCandidate(candidate):
                self._candidates.commit(candidate)
                return None
            case DropCandidates(dataset, first):
                self._candidates.drop(dataset, first)
                return None
            case ReadScenarios():
                return tuple(self._happenings.scenarios())
            case ReadCandidates(dataset):
                return tuple(self._candidates.of(dataset))
            case PutPrices(tariffs):
                self._calls.put_prices(tariffs)
                self.book.restart(read_charged(self._connection))
                return None
            case ReadReports(group):
                return self._happenings.reports(group)
            case ReadEvents(kind):
                return self._happenings.events(kind)
            case ReadProgress(groups, window):
                return self._happenings.progress(groups, window)
            case ReadUsage():
                return read_usage(self._connection)
            case _:
                assert_never(item)

    def reply(self, key: CallKey) -> Reply | None:
        """What the journal holds for a call."""
        with explained(self.path):
            return self._calls.reply(key)

    def prompt(self, request_hash: bytes) -> bytes | None:
        """The messages (canonical JSON, UTF-8) of a recorded call; None where there is none.

        Raises:
            RunFailure: a prompt that it builds on was never recorded.
        """
        with explained(self.path):
            return self._calls.prompt(request_hash)

    def usage(self) -> CallUsage:
        """What the calls came to, by role."""
        with explained(self.path):
            return read_usage(self._connection)

    def events(self, kind: str) -> dict[str, bytes]:
        """The events of a kind: bodies by key, in the order of the keys."""
        with explained(self.path):
            return self._happenings.events(kind)

    def reports(self, group: int) -> tuple[TickReport, ...]:
        """The committed ticks of a group, in order."""
        with explained(self.path):
            return self._happenings.reports(group)

    def scenarios(self) -> Iterator[Scenario]:
        """All scenarios in the order (window, group)."""
        with explained(self.path):
            yield from self._happenings.scenarios()

    def candidates(self, dataset: str) -> Iterator[Candidate]:
        """What became of the candidates of a data set, in the order of their numbers."""
        with explained(self.path):
            yield from self._candidates.of(dataset)

    def progress(self, groups: int, window: int) -> Progress:
        """How far the run is.

        Args:
            groups: how many groups the society has.
            window: `scenario_window`, in ticks.

        Returns:
            `recent` is in the order (group, tick); beyond each group's last window it holds the
            older reports with envelopes that are still under way to a group that lags behind.
        """
        with explained(self.path):
            return self._happenings.progress(groups, window)

    def backup(self, path: Path) -> None:
        """Copy the store, as of its last commit, to the file `path`: whole or not at all.

        To copy a run while it is written, do this on its `read_only` store.

        Raises:
            UsageError: `path` is a directory, or in a folder that does not exist.
            StoreUnavailable: it cannot be written.
        """
        if path.resolve() == self.path:
            raise UsageError(f"{path} is the run's own store: give another file for the backup")
        copy_database(self._connection, path.resolve())

    def close(self) -> None:
        """Close the database and unlock the run. Closing twice is fine."""
        self.book.release()
        if self._lock is None:
            self._connection.close()
            return
        close_writer(self._connection)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _network_notice(directory: Path, file_system: str) -> str:
    return (
        f"{directory} is on a network file system ({file_system}): the run is kept with an"
        " exclusive rollback journal, which is slower, and cannot be read while it goes on;"
        " a local disk is better"
    )
