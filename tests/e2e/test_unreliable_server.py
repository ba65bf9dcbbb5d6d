"""Thirty people over real HTTP against a server of which every fourth answer is a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import ended_at_last, simulate, stub_server
from tests.support.small_run import expected_scenarios, write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

PEOPLE = 30
SOCIETY = {"group_size": {"min": 3, "max": 7, "mean": 5}, "neighbours": 2, "weak_ties": 1}
WEATHER = {
    "rate_limited": 0.05,
    "server": 0.05,
    "timeout": 0.02,
    "disconnect": 0.05,
    "unavailable": 0.04,
    "broken_body": 0.04,
}
SPOILT = {
    "truncated": 0.025,
    "malformed": 0.025,
    "empty": 0.025,
    "refused": 0.025,
    "null_content": 0.025,
}
PATIENT = {
    # Above any reply of a stub without latency, however busy the machine is.
    "timeout_s": 1.5,
    "retry": {"attempts": 30, "first_wait_s": 0.02, "max_wait_s": 0.1},
}
BRISK = {"outage": {"probe_every_s": 0.1}}


def played(folder: Path, faults: dict[str, float], *options: str) -> tuple[dict[str, Any], ...]:
    """The run's summary and what the server counted."""
    rates = [f"--fault={name}={rate}" for name, rate in faults.items()]
    with stub_server(folder / "stub", *rates, *options) as stub:
        models = {"default": stub.model(**PATIENT)}
        config = write_config(folder, models, society=SOCIETY, people=PEOPLE, **BRISK)
        with ended_at_last(simulate(folder, config, folder / "run")) as driver:
            code, output = driver.end()
            assert (code, driver.left_over()) == (0, []), driver.said()
        return json.loads(output), stub.stats()


def scenarios_with(folder: Path, spoilt: dict[str, float]) -> bytes:
    """What the domain makes of the same replies, in one process that nothing disturbs."""
    folder.mkdir()
    models = {"default": {"stub": {"faults": spoilt}}}
    return expected_scenarios(folder, SOCIETY, models, PEOPLE)


PAID_FOR_NOTHING = ("timeout", "disconnect", "broken_body")
"""The server did the work, and the client cannot know that it did not."""


def assert_every_request_is_in_the_books(summary: dict[str, Any], counted: dict[str, Any]) -> None:
    assert summary["calls"] == summary["replies"] == counted["replies"] == len(counted["served"])
    assert counted["served_twice"] == {}
    assert summary["sendings"] == counted["requests"]
    lost = sum(counted["faults"].get(fault, 0) for fault in PAID_FOR_NOTHING)
    assert summary["calls_lost"] == lost == counted["charged_calls"] - counted["replies"]
    assert summary["charged_tokens"] >= counted["charged_tokens"]


def test_a_quarter_of_failures_of_all_kinds_ends_with_what_could_be_had(tmp_path: Path) -> None:
    faults = {name: rate / 2 for name, rate in WEATHER.items()} | SPOILT
    summary, counted = played(tmp_path, faults)
    assert {*counted["faults"]} == {*faults}
    failed = sum(counted["faults"].values())
    assert 0.18 < failed / counted["requests"] < 0.32
    assert {"empty", "refused", "truncated"} & {*summary["failures"]}
    assert_every_request_is_in_the_books(summary, counted)
    made = Path(summary["scenarios_file"]).read_bytes()
    assert made == scenarios_with(tmp_path / "calm", SPOILT)


def test_a_quarter_of_bad_weather_changes_no_byte(tmp_path: Path) -> None:
    summary, counted = played(tmp_path, WEATHER)
    assert {*counted["faults"]} == {*WEATHER}
    assert 0.18 < sum(counted["faults"].values()) / counted["requests"] < 0.32
    assert summary["failures"] == {}
    assert_every_request_is_in_the_books(summary, counted)
    assert Path(summary["scenarios_file"]).read_bytes() == scenarios_with(tmp_path / "calm", {})


def test_connections_that_the_server_drops_while_they_idle_lose_nothing(tmp_path: Path) -> None:
    # Longer than a call and shorter than the client keeps a connection: both ends may be wrong.
    summary, counted = played(tmp_path, {}, "--close-idle", "0.05", "--latency", "lognormal:0.1:1")
    assert summary["replies"] == counted["replies"] == len(counted["served"])
    # What was sent on a connection that was just going never got there, which nobody can know.
    assert summary["calls_lost"] == summary["sendings"] - counted["requests"] >= 0
    assert summary["failures"] == {}
    assert Path(summary["scenarios_file"]).read_bytes() == scenarios_with(tmp_path / "calm", {})
