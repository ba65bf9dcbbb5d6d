"""A known key, from wherever it came, is in no file, no log, no message and no process title."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.echoing_server import echoing_server
from tests.support.leak_search import stored
from tests.support.left_behind import holders, ray_folder
from tests.support.program import Program, ended_at_last, stub_server
from tests.support.small_run import write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

KEY = "sk-known-b17e02d94c"
HYBRID = {"routing": "hybrid", "similarity": {"floor": 0.0, "outward": 0.0, "sure": 0.1}}


@pytest.fixture
def ray_files() -> Iterator[Path]:
    with ray_folder() as folder:
        yield folder


@pytest.fixture
def three_keys(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A config with one key from each source, and the environment it wants."""
    (tmp_path / ".env").write_text(f"KEY_OF_AGENTS={KEY}\n")
    file = tmp_path / "key.txt"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    arguments = ("--latency", "fixed:0.2", "--api-key-env", "STUB_KEY")
    with stub_server(tmp_path / "stub", *arguments, STUB_KEY=KEY) as stub:
        models = {
            "default": stub.model(api_key_env="KEY_OF_MODULATORS"),
            "agent": stub.model(api_key_env="KEY_OF_AGENTS"),
            "embedding": stub.model(api_key_file="key.txt"),
        }
        config = write_config(tmp_path, models, society=HYBRID)
        yield config, {"KEY_OF_MODULATORS": KEY}


def play(config: Path, run: Path, ray_files: Path, *more: str, **environment: str) -> Program:
    command = ("simulate", str(config), "--run", str(run), *more)
    return Program(config.parent, *command, RAY_TMPDIR=str(ray_files), **environment)


def below(program: Program) -> list[psutil.Process]:
    """Every process that a program started."""
    return psutil.Process(program.pid).children(recursive=True)


def actor_of_llm(program: Program) -> psutil.Process | None:
    return next((p for p in below(program) if "ray::LLM" in " ".join(p.cmdline())), None)


def found(run: Path, ray_files: Path, *said: str) -> list[str]:
    """Where the key is, of all that a run left behind."""
    places = holders(run, KEY) + holders(ray_files, KEY)
    places += [name for name, text in stored(run).items() if KEY in text]
    return places + [text for text in said if KEY in text]


def test_keys_of_every_source_stay_where_they_are_while_actors_die(
    tmp_path: Path, ray_files: Path, three_keys: tuple[Path, dict[str, str]]
) -> None:
    (config, environment), run = three_keys, tmp_path / "run"
    with ended_at_last(play(config, run, ray_files, "--json", **environment)) as program:
        program.wait_until(lambda: actor_of_llm(program) is not None)
        titles = [" ".join(process.cmdline()) for process in below(program)]
        victim = actor_of_llm(program)
        assert victim is not None
        program.wait_until(lambda: (run / "run.sqlite-wal").exists())
        victim.kill()
        code, output = program.end()
        assert code == 0, program.said()
    assert len(titles) > 5
    assert [title for title in titles if KEY in title] == []
    assert holders(run, "KEY_OF_AGENTS"), "the search finds what is there"
    assert holders(ray_files, "LLM"), "the logs of Ray are there"
    assert found(run, ray_files, output, program.said()) == []


BROKEN_CLIENT = """
import sys

class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "matrix_sim.llm.openai_endpoint":
            raise RuntimeError("a broken package")

sys.meta_path.insert(0, Broken())
"""
"""What every Python process loads first, and only an LLM actor stumbles over."""


@pytest.mark.parametrize("status", [500, 401])
def test_an_endpoint_that_repeats_the_key_does_not_spread_it(
    tmp_path: Path, ray_files: Path, status: int
) -> None:
    run = tmp_path / "run"
    retry = {"attempts": 2, "first_wait_s": 0}
    with echoing_server(status) as url:
        model: dict[str, Any] = {"base_url": url, "model": "m", "api_key_env": "A_NAME"}
        # Else an endpoint that only fails would be waited for.
        outage = {"after_failures": 1000}
        config = write_config(tmp_path, {"default": model | {"retry": retry}}, outage=outage)
        program = play(config, run, ray_files, "--debug", A_NAME=KEY)
        with ended_at_last(program):
            code, output = program.end()
    assert code == 1, program.said()
    assert "cannot serve Bearer ***" in program.said()
    assert "Traceback" in program.said()
    assert found(run, ray_files, output, program.said()) == []


def test_an_llm_actor_that_cannot_be_made_does_not_tell_what_it_was_given(
    tmp_path: Path, ray_files: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BROKEN_CLIENT)
    run = tmp_path / "run"
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    with echoing_server(500) as url:
        model = {"base_url": url, "model": "m", "api_key_env": "A_NAME"}
        config = write_config(tmp_path, {"default": model})
        program = play(config, run, ray_files, "--debug", A_NAME=KEY, PYTHONPATH=path)
        with ended_at_last(program):
            code, output = program.end()
    assert code == 1
    assert "a broken package" in program.said()
    assert found(run, ray_files, output, program.said()) == []
