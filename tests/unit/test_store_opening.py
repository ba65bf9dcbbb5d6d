"""Which directories are runs, who may write them, and what the file system allows."""

import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.store.database import DATABASE_FILE
from matrix_sim.store.failures import StoreUnavailable
from matrix_sim.store.lock import LOCK_FILE, Clock, RunLock, RunLocked
from matrix_sim.store.mounts import file_system_of
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.schema import MIGRATIONS, migrate, schema_version
from matrix_sim.store.writes import CommitTick, PutEvent
from tests.support.store_samples import a_report

NFS = "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:40 / {point} rw shared:1 - nfs4 server:/x rw\n"


def begin(directory: Path) -> RunStore:
    return RunStore.open(directory, owner="matrix-sim run", create=True)


def names_in(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def go_on(directory: Path) -> RunStore:
    return RunStore.open(directory, owner="matrix-sim run", create=False)


def test_a_run_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with begin(tmp_path / "new" / "run") as store:
        store.apply([PutEvent("kind", "key", b"body")])
    with go_on(tmp_path / "new" / "run") as store:
        assert store.events("kind") == {"key": b"body"}
        assert store.events("unknown") == {}


def test_beginning_where_a_run_is_goes_on_with_it(tmp_path: Path) -> None:
    with begin(tmp_path) as store:
        store.apply([PutEvent("kind", "key", b"body")])
    with begin(tmp_path) as store:
        assert store.events("kind") == {"key": b"body"}


def test_a_directory_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match=r"thesis\.tex.*new or empty"):
        begin(tmp_path)
    assert names_in(tmp_path) == ["thesis.tex"]


def test_a_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    for way in (begin, go_on, RunStore.read_only):
        with pytest.raises(UsageError, match="is a file"):
            way(tmp_path / "run")


def test_a_missing_run_is_not_made_by_looking_for_it(tmp_path: Path) -> None:
    for way in (go_on, RunStore.read_only):
        with pytest.raises(UsageError, match="no run in"):
            way(tmp_path / "run")
        with pytest.raises(UsageError, match="no run in"):
            way(tmp_path)
    assert names_in(tmp_path) == []


def test_what_a_killed_beginner_left_can_be_begun(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("")
    (tmp_path / DATABASE_FILE).write_bytes(b"")
    with pytest.raises(UsageError, match="no run yet"):
        go_on(tmp_path)
    begin(tmp_path).close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).write_text("no database at all" * 100)
    for way in (begin, RunStore.read_only):
        with pytest.raises(UsageError, match="not an SQLite database"):
            way(tmp_path)


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / DATABASE_FILE)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = (tmp_path / DATABASE_FILE).read_bytes()
    with pytest.raises(UsageError, match="another program"):
        begin(tmp_path)
    assert (tmp_path / DATABASE_FILE).read_bytes() == before


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    begin(tmp_path).close()
    newer = sqlite3.connect(tmp_path / DATABASE_FILE)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    for way in (go_on, RunStore.read_only):
        with pytest.raises(UsageError, match=r"version 99.*newer version"):
            way(tmp_path)


def test_an_older_schema_is_brought_forward_with_its_rows(tmp_path: Path) -> None:
    begin(tmp_path).close()
    older = sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)
    older.execute("INSERT INTO events VALUES ('kind', 'key', x'00')")
    steps = (*MIGRATIONS, ("ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT '-'",))
    migrate(older, schema_version(older, tmp_path, steps), steps)
    assert older.execute("SELECT * FROM events").fetchall() == [("kind", "key", b"\x00", "-")]
    assert schema_version(older, tmp_path, steps) == len(steps)
    older.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    begin(tmp_path).close()
    older = sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)
    steps = (*MIGRATIONS, ("DROP TABLE events", "no such statement"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(older, len(MIGRATIONS), steps)
    assert schema_version(older, tmp_path, steps) == len(MIGRATIONS)
    assert older.execute("SELECT count(*) FROM events").fetchone() == (0,)
    older.close()


def test_a_second_opener_is_told_who_has_the_run(tmp_path: Path) -> None:
    clock = Clock(lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), lambda: 0.0, lambda _: None)
    first = RunStore.open(tmp_path, owner="matrix-sim simulate", create=True, clock=clock)
    with pytest.raises(RunLocked, match="in use by matrix-sim simulate") as refused:
        begin(tmp_path)
    assert f"pid {os.getpid()}" in str(refused.value)
    assert "2026-01-02T03:04:05+00:00" in str(refused.value)
    first.close()
    begin(tmp_path).close()


def test_another_process_is_kept_out_too(tmp_path: Path) -> None:
    opener = (
        "import sys; from pathlib import Path; from matrix_sim.store.run_store import RunStore;"
        "RunStore.open(Path(sys.argv[1]), owner='other', create=True)"
    )
    with begin(tmp_path):
        other = subprocess.run(
            [sys.executable, "-c", opener, str(tmp_path)],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        )
    assert other.returncode == 1
    assert "is in use by matrix-sim run" in other.stderr


def test_an_opener_waits_for_a_predecessor_that_ends(tmp_path: Path) -> None:
    first = RunLock.acquire(tmp_path, what="first")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            first.release()

    clock = Clock(lambda: datetime.now(UTC), lambda: sum(waited), sleep)
    RunLock.acquire(tmp_path, what="second", wait_s=10, clock=clock).release()
    assert len(waited) == 3


def test_an_opener_waits_no_longer_than_it_said(tmp_path: Path) -> None:
    first = RunLock.acquire(tmp_path, what="first")
    waited: list[float] = []
    clock = Clock(lambda: datetime.now(UTC), lambda: sum(waited), waited.append)
    with pytest.raises(RunLocked):
        RunLock.acquire(tmp_path, what="second", wait_s=1, clock=clock)
    assert sum(waited) == pytest.approx(1, abs=0.1)
    first.release()


def test_a_run_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    with begin(tmp_path) as writer, RunStore.read_only(tmp_path) as reader:
        writer.apply([CommitTick(a_report())])
        assert reader.reports(0) == (a_report(),)
        with pytest.raises(StoreUnavailable, match="read-only"):
            reader.apply([CommitTick(a_report())])


def test_a_run_at_rest_is_one_file(tmp_path: Path) -> None:
    # In WAL mode it could not be read from a directory that is read-only.
    begin(tmp_path).close()
    assert names_in(tmp_path) == [LOCK_FILE, DATABASE_FILE]
    assert (tmp_path / DATABASE_FILE).read_bytes()[18:20] == b"\x01\x01"


def test_a_local_run_has_a_write_ahead_log_and_nothing_to_tell(tmp_path: Path) -> None:
    with begin(tmp_path) as store:
        assert store.notices == ()
        assert (tmp_path / f"{DATABASE_FILE}-wal").exists()


def test_a_run_on_a_network_file_system_has_a_rollback_journal_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matrix_sim.store.database._READER_PATIENCE_S", 0.0)

    def mounts() -> str:
        return NFS.format(point=tmp_path)

    with RunStore.open(tmp_path / "run", owner="test", create=True, mounts=mounts) as store:
        (notice,) = store.notices
        assert "network file system (nfs4)" in notice
        store.apply([CommitTick(a_report())])
        assert not (tmp_path / "run" / f"{DATABASE_FILE}-wal").exists()
        with pytest.raises(StoreUnavailable, match="keeps it locked"):
            RunStore.read_only(tmp_path / "run")
    with RunStore.read_only(tmp_path / "run") as reader:
        assert reader.reports(0) == (a_report(),)


def test_a_killed_local_run_goes_on_after_a_move_to_a_network_file_system(tmp_path: Path) -> None:
    with begin(tmp_path / "local") as store:
        store.apply([CommitTick(a_report())])
        # As a kill would leave it: with its log.
        shutil.copytree(tmp_path / "local", tmp_path / "moved")
    mounts = NFS.format(point=tmp_path)
    moved = RunStore.open(tmp_path / "moved", owner="test", create=False, mounts=lambda: mounts)
    with moved:
        assert moved.reports(0) == (a_report(),)
        assert not (tmp_path / "moved" / f"{DATABASE_FILE}-wal").exists()


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("/home/a/run", "ext4"),
        ("/data/run", "nfs"),
        ("/data/local disk/run", "xfs"),
        ("/database", "ext4"),
        ("/over", "lustre"),
    ],
)
def test_the_longest_and_latest_mount_decides(directory: str, expected: str) -> None:
    mounts = (
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "22 21 0:40 / /data rw - nfs server:/data rw\n"
        "23 22 8:2 / /data/local\\040disk rw master:2 propagate_from:1 - xfs /dev/sdb rw\n"
        "24 21 8:3 / /over rw - ext4 /dev/sdc rw\n"
        "25 21 0:41 / /over rw - lustre server:/over rw\n"
        "a line that cannot be read\n"
    )
    assert file_system_of(Path(directory), mounts) == expected


def test_without_a_table_of_mounts_nothing_is_assumed() -> None:
    assert file_system_of(Path("/run"), "") == ""


def test_a_full_disk_says_what_to_do_and_leaves_the_store_whole(tmp_path: Path) -> None:
    with begin(tmp_path) as store:
        store.apply([CommitTick(a_report())])
        store._connection.execute("PRAGMA max_page_count = 20")
        with pytest.raises(StoreUnavailable, match="disk is full: free some space"):
            store.apply([PutEvent("kind", "key", bytes(1 << 20)), CommitTick(a_report(0, 1))])
        assert store.reports(0) == (a_report(),)
        store._connection.execute("PRAGMA max_page_count = 100000")
        store.apply([CommitTick(a_report(0, 1))])
    with go_on(tmp_path) as store:
        assert len(store.reports(0)) == 2


def test_a_directory_that_cannot_be_made_says_why() -> None:
    with pytest.raises(RunFailure, match=r"run directory /proc/run: "):
        begin(Path("/proc/run"))


def test_a_backup_is_a_whole_run_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    with begin(tmp_path / "run") as store, RunStore.read_only(tmp_path / "run") as reader:
        store.apply([CommitTick(a_report())])
        reader.backup(tmp_path / "copy" / DATABASE_FILE)
        store.apply([CommitTick(a_report(0, 1))])
        reader.backup(tmp_path / "copy" / DATABASE_FILE)
        store.apply([CommitTick(a_report(0, 2))])
    assert names_in(tmp_path / "copy") == [DATABASE_FILE]
    with go_on(tmp_path / "copy") as copy:
        assert copy.reports(0) == (a_report(), a_report(0, 1))


def test_a_backup_needs_a_file_in_a_folder(tmp_path: Path) -> None:
    with begin(tmp_path / "run") as store:
        for place in (tmp_path, tmp_path / "nowhere" / "copy.sqlite"):
            with pytest.raises(UsageError, match="a folder that exists"):
                store.backup(place)
        with pytest.raises(UsageError, match="the run's own store"):
            store.backup(tmp_path / "run" / DATABASE_FILE)
