"""A run whose models are a file: no server but the ones inside its own processes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from matrix_sim.llm.contracts import Finish, Reply
from matrix_sim.society.replies import ActReply, GoalReply
from matrix_sim.store.codec import decode_reply
from matrix_sim.store.database import DATABASE_FILE
from tests.support.model_file import make_model_file
from tests.support.program import Program, ended_at_last
from tests.support.small_run import write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo.yaml"
MODEL = "{gguf: tiny.gguf, max_tokens: 400, llama: {slots: 4}}"


def journal(run: Path) -> list[tuple[str, Reply]]:
    """What was called (the first word of the address), with the reply."""
    with closing(sqlite3.connect(run / DATABASE_FILE)) as database:
        rows = database.execute("SELECT address, reply FROM calls").fetchall()
    return [(address.split("/")[0], decode_reply(reply)) for address, reply in rows]


def ended(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    with ended_at_last(Program(folder, *arguments, **environment)) as program:
        code, output = program.end()
        return code, output, program.said()


def test_the_demo_is_played_by_a_model_file(tmp_path: Path, shared_ray: dict[str, str]) -> None:
    config, run = Path(shutil.copy(DEMO, tmp_path)), tmp_path / "run"
    make_model_file(tmp_path / "tiny.gguf")
    settings = ("--set", f"models.default={MODEL}")
    settings += ("--set", "models.embedding={gguf: tiny.gguf}", "--set", "society.routing=hybrid")
    settings += ("--set", "runtime.placement=packed")
    code, output, said = ended(
        tmp_path, "simulate", str(config), "--run", str(run), *settings, "--json", **shared_ray
    )
    assert code == 0, said
    summary, replies = json.loads(output), journal(run)
    assert summary["actions"] > 20
    assert summary["scenarios"] == len((run / "scenarios.jsonl").read_text().splitlines()) > 0

    whole = [(kind, reply) for kind, reply in replies if reply.finish is Finish.STOP]
    goals = [GoalReply.model_validate_json(r.text) for kind, r in whole if kind == "goal"]
    acts = [ActReply.model_validate_json(r.text) for kind, r in whole if kind == "act"]
    assert min(len(goals), len(acts)) >= 10
    chats = [reply for kind, reply in replies if kind != "embed"]
    assert len(chats) < len(replies), "vectors came from the file as well"
    assert sum(bool(reply.reasoning) for reply in chats) > len(chats) / 2
    assert {reply.model for _, reply in replies} == {"gguf:tiny.gguf"}
    assert "llama" not in said and "srv " not in said


def test_a_file_that_llama_cpp_cannot_load_ends_the_run_with_what_it_says(
    tmp_path: Path, shared_ray: dict[str, str]
) -> None:
    whole = make_model_file(tmp_path / "tiny.gguf")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    config = write_config(tmp_path, {"default": {"gguf": "tiny.gguf"}})
    command = ("simulate", str(config), "--run", str(tmp_path / "run"))
    code, output, said = ended(tmp_path, *command, **shared_ray)
    assert (code, output) == (1, ""), said
    assert "tiny.gguf: tensor" in said and "not within the file bounds" in said
    assert "Traceback" not in said


def test_more_context_than_the_model_has_is_refused_before_anything_starts(tmp_path: Path) -> None:
    make_model_file(tmp_path / "tiny.gguf", context_tokens=2048)
    model = {"gguf": "tiny.gguf", "llama": {"context_tokens": 4096}}
    config = write_config(tmp_path, {"default": model})
    code, _, said = ended(tmp_path, "simulate", str(config), "--run", str(tmp_path / "run"))
    assert code == 2
    assert "llama.context_tokens: 4096 is more than tiny.gguf was trained for (2048" in said
    assert "joining Ray" not in said


CRASHING = """
import os, signal
class CommonParams:
    class Part: pass
    def __init__(self): self.model, self.cpuparams, self.cpuparams_batch = (self.Part(),) * 3
def Server(params): os.kill(os.getpid(), signal.SIGKILL)
class llama_pooling_type: LLAMA_POOLING_TYPE_MEAN = 1
"""
"""A llama.cpp that every model is too large for: the system kills it."""


def test_an_llm_actor_that_dies_of_its_model_ends_the_run(tmp_path: Path) -> None:
    make_model_file(tmp_path / "tiny.gguf")
    (tmp_path / "xllamacpp.py").write_text(CRASHING)
    config = write_config(tmp_path, {"default": {"gguf": "tiny.gguf"}})
    command = ("simulate", str(config), "--run", str(tmp_path / "run"))
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    code, _, said = ended(tmp_path, *command, PYTHONPATH=path)
    assert code == 1
    assert "loaded tiny.gguf was killed, there was no memory" in said
