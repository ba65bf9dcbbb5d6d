"""A small run against llama.cpp's own server: real HTTP, a real grammar, real thinking."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from matrix_sim.llm.contracts import Finish, Reply
from matrix_sim.society.replies import ActReply, GoalReply
from matrix_sim.store.codec import decode_reply
from matrix_sim.store.database import DATABASE_FILE
from tests.support.program import Program, ended_at_last
from tests.support.real_server import real_server
from tests.support.small_run import GROUPS, PEOPLE, write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]


def journal(run: Path) -> list[tuple[str, Reply]]:
    """What was called (the first word of the address), with the reply."""
    with closing(sqlite3.connect(run / DATABASE_FILE)) as database:
        rows = database.execute("SELECT address, reply FROM calls").fetchall()
    return [(address.split("/")[0], decode_reply(reply)) for address, reply in rows]


def test_a_small_society_plays_to_its_end(tmp_path: Path, shared_ray: dict[str, str]) -> None:
    run = tmp_path / "run"
    with real_server(tmp_path, context_tokens=16384, slots=4) as server:
        model = {
            "base_url": server.base_url,
            "model": server.model,
            "api_key_env": "REAL_SERVER_KEY",
            "max_tokens": 400,
        }
        config = write_config(tmp_path, {"default": model}, max_in_flight=4)
        command = ("simulate", str(config), "--run", str(run), "--json")
        environment = shared_ray | {"REAL_SERVER_KEY": server.api_key}
        program = Program(tmp_path, *command, **environment)
        with ended_at_last(program) as driver:
            code, output = driver.end()
            assert code == 0, driver.said()

    summary = json.loads(output)
    replies = journal(run)
    scenarios = [json.loads(line) for line in (run / "scenarios.jsonl").read_text().splitlines()]
    assert (summary["agents"], summary["groups"]) == (PEOPLE, GROUPS)
    assert summary["calls"] == summary["replies"] == len(replies)
    assert summary["actions"] > 0
    assert len(scenarios) == summary["scenarios"] > 0
    assert all(scene["summary"] and len(scene["actions"]) >= 2 for scene in scenarios)

    # A reply that was cut off was asked for again; any other is of the shape that was asked for.
    whole = [(kind, reply) for kind, reply in replies if reply.finish is Finish.STOP]
    goals = [GoalReply.model_validate_json(r.text) for kind, r in whole if kind == "goal"]
    acts = [ActReply.model_validate_json(r.text) for kind, r in whole if kind == "act"]
    assert all("routes" in json.loads(r.text) for kind, r in whole if kind == "route")
    assert min(len(goals), len(acts)) >= PEOPLE

    assert sum(bool(reply.reasoning) for _, reply in replies) > len(replies) / 2
    assert not any("think>" in reply.text + reply.reasoning for _, reply in replies)
    assert all(r.usage.prompt_tokens > 100 and r.usage.completion_tokens > 0 for _, r in replies)
    assert summary["prompt_tokens"] == sum(reply.usage.prompt_tokens for _, reply in replies)
