"""A writer killed at any place: what it acknowledged is there, and nothing is there by half."""

import signal
import sqlite3
import zlib
from pathlib import Path

import pytest

from matrix_sim.store.database import DATABASE_FILE
from matrix_sim.store.run_store import RunStore
from tests.support.killed_writer import ROUNDS, WRITERS, write
from tests.support.store_samples import a_key, a_record, a_reply, a_report


def is_sound(directory: Path) -> bool:
    with sqlite3.connect(directory / DATABASE_FILE) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    "fault",
    [
        "journal.before_open:9:kill",
        "journal.after_open:9:kill",
        "journal.before_record:7:kill",
        "journal.after_record:7:kill",
        "tick.before_commit:6:kill",
        "tick.after_commit:6:kill",
        "store.before_commit:8:kill",
        "store.after_commit:8:kill",
    ],
)
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path, fault: str) -> None:
    code, acknowledged = write(tmp_path, fault)
    assert code == -signal.SIGKILL
    assert acknowledged

    with RunStore.open(tmp_path, owner="test", create=False) as store:
        for what, *numbers in acknowledged:
            if what == "call":
                assert store.reply(a_key(int(numbers[0]))) == a_reply(f"返事 {numbers[0]}")
            else:
                group, tick = map(int, numbers)
                assert store.reports(group)[tick] == a_report(group, tick)
        for group in range(WRITERS):
            there = store.reports(group)
            assert there == tuple(a_report(group, tick) for tick in range(len(there)))
        for number in range(WRITERS * ROUNDS):
            if store.reply(a_key(number)) is not None:
                prompt = store.prompt(a_key(number).request_hash)
                assert prompt == zlib.decompress(a_record(number).prompt.tail)
        at_the_kill = store.usage().lost
        # Each writer has one call under way.
        assert at_the_kill <= WRITERS
    assert is_sound(tmp_path)

    assert write(tmp_path, "")[0] == 0
    with RunStore.open(tmp_path, owner="test", create=False) as store:
        usage = store.usage()
        assert (usage.calls, usage.replies) == (WRITERS * ROUNDS, WRITERS * ROUNDS)
        assert usage.lost == at_the_kill
        assert store.progress(WRITERS, 3).committed == (ROUNDS - 1,) * WRITERS


def test_what_was_committed_before_the_fault_is_there_though_nobody_was_told(
    tmp_path: Path,
) -> None:
    _, acknowledged = write(tmp_path, "tick.after_commit:1:kill")
    assert not [line for line in acknowledged if line[0] == "tick"]
    with RunStore.open(tmp_path, owner="test", create=False) as store:
        assert any(store.reports(group) for group in range(WRITERS))


def test_what_was_not_committed_before_the_fault_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, "tick.before_commit:1:kill")
    with RunStore.open(tmp_path, owner="test", create=False) as store:
        assert not any(store.reports(group) for group in range(WRITERS))
