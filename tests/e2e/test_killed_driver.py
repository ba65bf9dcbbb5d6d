"""A driver is killed with everything under it: the same command ends with the same bytes."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from matrix_sim.store.database import DATABASE_FILE
from matrix_sim.store.run_store import RunStore
from tests.support.program import StubServer, ended_at_last, simulate, stub_server
from tests.support.small_run import write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]


def under_way(run: Path) -> int:
    """Calls that were opened, in all lives of a run, and have not brought a reply."""
    with RunStore.read_only(run) as store:
        return store.usage().lost


def a_call_has_just_begun_after(served: int, stub: StubServer, run: Path) -> Callable[[], bool]:
    """A condition: so many calls were served, and one more is sent since the last look."""
    before: list[int] = []

    def holds() -> bool:
        if stub.stats()["replies"] < served:
            return False
        before.append(under_way(run))
        return len(before) > 1 and before[-1] > before[-2]

    return holds


def sent_more_than_once(run: Path) -> Counter[str]:
    """How often calls were sent, by the names that the stub knows them by."""
    with closing(sqlite3.connect(run / DATABASE_FILE)) as database:
        rows = database.execute("SELECT address, attempt, sends FROM calls WHERE sends > 1")
        return Counter({f"{a}#{n}" if n > 1 else a: sends for a, n, sends in rows})


def test_the_same_command_goes_on_after_every_kill(expected: bytes, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with stub_server(tmp_path / "stub", "--latency", "fixed:0.4") as stub:
        config = write_config(tmp_path, {"default": stub.model()})
        lost = 0
        for served in (3, 20, 40):
            with ended_at_last(simulate(tmp_path, config, run)) as driver:
                driver.wait_until(a_call_has_just_begun_after(served, stub, run))
            assert lost < under_way(run) <= lost + 16
            lost = under_way(run)
        with ended_at_last(simulate(tmp_path, config, run)) as driver:
            code, output = driver.end()
            assert (code, driver.left_over()) == (0, []), driver.said()
        stats = stub.stats()

    summary = json.loads(output)
    assert Path(summary["scenarios_file"]).read_bytes() == expected
    sent = sent_more_than_once(run)
    assert summary["calls_lost"] == lost == sum(sent.values()) - len(sent)
    assert summary["calls"] == summary["replies"] == len(stats["served"])
    # What the stub answered twice was in flight at a kill, and answered no more often than sent.
    assert set(stats["served_twice"]) <= set(sent)
    assert all(times <= sent[call] for call, times in stats["served_twice"].items())
