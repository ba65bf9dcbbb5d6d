"""The endpoint is killed in the middle of a run: the run waits, goes on by itself, loses nothing.

Nothing in the config makes it patient with a single call: it is the endpoint as a whole that is
waited for.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.outage import kept_calls, play_with_outage
from tests.support.program import ended_at_last, mortal_stub, simulate
from tests.support.small_run import PEOPLE, write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

IN_FLIGHT = 16
IMPATIENT = {"retry": {"attempts": 3, "first_wait_s": 0.05, "max_wait_s": 0.1}}


def test_a_run_outlives_its_endpoint_and_asks_nothing_twice(
    expected: bytes, tmp_path: Path
) -> None:
    went = play_with_outage(
        tmp_path,
        seconds=3.0,
        after_replies=15,
        latency="fixed:0.2",
        model=IMPATIENT,
        people=PEOPLE,
        outage={"after_failures": 3, "probe_every_s": 0.3, "give_up_after_s": 60},
    )
    assert (went.code, went.left_over) == (0, []), went.said
    assert Path(went.summary["scenarios_file"]).read_bytes() == expected
    # What was kept is never asked again; what was in flight is, and that is all.
    assert went.kept_before
    assert not went.kept_before & {*went.served_after}
    assert all(times == 1 for times in went.served_after.values())
    assert len({*went.served_before} & {*went.served_after}) <= IN_FLIGHT
    assert {*went.kept_before} | {*went.served_after} >= {*went.served_before}
    assert went.summary["calls"] == went.summary["replies"]
    assert went.summary["replies"] == len(went.kept_before) + len(went.served_after)
    assert went.summary["calls_lost"] <= IN_FLIGHT
    assert went.recovered_s < 3.0
    # Whoever looks at the run is told which endpoint it waits for.
    assert went.url in went.said


def test_an_endpoint_that_stays_away_ends_the_run_which_the_same_command_continues(
    expected: bytes, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    outage = {"after_failures": 3, "probe_every_s": 0.2, "give_up_after_s": 1.5}
    with mortal_stub(tmp_path / "stub", "--latency", "fixed:0.2") as stub:
        models = {"default": stub.model(**IMPATIENT)}
        config = write_config(tmp_path, models, outage=outage)
        with ended_at_last(simulate(tmp_path, config, run)) as driver:
            driver.wait_until(lambda: stub.stats()["replies"] >= 15)
            stub.kill()
            code, output = driver.end()
            assert (code, output, driver.left_over()) == (1, "", []), driver.said()
        assert stub.url in driver.said()
        assert "Traceback" not in driver.said()
        kept = kept_calls(run)
        assert kept
        stub.start_again()
        with ended_at_last(simulate(tmp_path, config, run)) as driver:
            code, output = driver.end()
            assert (code, driver.left_over()) == (0, []), driver.said()
        assert not kept & {*stub.stats()["served"]}
    assert Path(json.loads(output)["scenarios_file"]).read_bytes() == expected
