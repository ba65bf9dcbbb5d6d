"""Ctrl-C: the run comes to a clean stop, says how to go on, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matrix_sim.store.run_store import RunStore
from tests.support.program import ended_at_last, simulate, stub_server
from tests.support.small_run import embedded_stub, write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]


def test_what_is_under_way_comes_home_and_the_same_command_goes_on(
    expected: bytes, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with stub_server(tmp_path / "stub", "--latency", "fixed:0.3") as stub:
        config = write_config(tmp_path, {"default": stub.model()})
        with ended_at_last(simulate(tmp_path, config, run)) as driver:
            driver.wait_until(lambda: stub.stats()["replies"] >= 10)
            driver.interrupt()
            code, output = driver.end()
            assert (code, output, driver.left_over()) == (130, "", []), driver.said()
        assert "the same command goes on" in driver.said()
        with RunStore.read_only(run) as store:
            usage = store.usage()
        assert usage.calls == usage.replies == stub.stats()["replies"] < 50
        assert not (run / "scenarios.jsonl").exists()

        with ended_at_last(simulate(tmp_path, config, run)) as driver:
            code, output = driver.end()
            assert (code, driver.left_over()) == (0, []), driver.said()
        assert stub.stats()["served_twice"] == {}
    assert Path(json.loads(output)["scenarios_file"]).read_bytes() == expected


@pytest.mark.parametrize("said", ["a new run in", "joining Ray"])
def test_before_anything_was_asked_there_is_nothing_to_bring_home(
    said: str, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    config = write_config(tmp_path, embedded_stub("fixed:0.4"))
    with ended_at_last(simulate(tmp_path, config, run)) as driver:
        driver.wait_until(lambda: said in driver.said())
        driver.interrupt()
        code, output = driver.end()
        assert (code, output, driver.left_over()) == (130, "", []), driver.said()
    assert "the same command goes on" in driver.said()
