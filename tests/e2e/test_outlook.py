"""What is said before a run, against what the run then does: the stub's server, and llama.cpp's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.store.run_store import RunStore
from tests.support.program import Program, ended_at_last
from tests.support.real_server import RealServer, real_server
from tests.support.small_run import embedded_stub, write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e, pytest.mark.xdist_group("outlook")]
KEY_NAME = "REAL_SERVER_KEY"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("server"), context_tokens=16384) as started:
        yield started


def ended(folder: Path, *arguments: str, key: str = "", **environment: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    folder.mkdir(exist_ok=True)
    environment |= {KEY_NAME: key}
    with ended_at_last(Program(folder, *arguments, **environment)) as program:
        code, output = program.end()
        return code, output, program.said()


def on(server: RealServer, **settings: object) -> dict[str, Any]:
    model = {
        "base_url": server.base_url,
        "model": server.model,
        "api_key_env": KEY_NAME,
        "max_tokens": 400,
        "sampling": {"seed": 5, "temperature": 0.4},
    }
    return model | settings


def findings(checkup: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in checkup["findings"]}


def test_an_estimate_is_near_what_a_run_over_http_asks(
    tmp_path: Path, shared_ray: dict[str, str]
) -> None:
    command = ("stub-server", "--port", "0", "--seed", "9")
    with ended_at_last(Program(tmp_path, *command)) as stub:
        url = stub.first_line().split()[4]
        models = {"default": {"base_url": url, "model": "matrix-sim-stub"}}
        config = str(write_config(tmp_path, models, society={"ticks": 12}))
        code, output, said = ended(tmp_path / "estimate", "estimate", config, "--json")
        assert code == 0, said
        run = tmp_path / "run"
        code, _, said = ended(
            tmp_path / "played", "simulate", config, "--run", str(run), **shared_ray
        )
        assert code == 0, said
    with RunStore.read_only(run) as store:
        asked = {role.role.value: role for role in store.usage().roles}
    estimated = {role["role"]: role for role in json.loads(output)["roles"]}
    assert list(estimated) == list(asked) == ["agent", "modulator"]
    for role, actual in asked.items():
        assert estimated[role]["calls"] == pytest.approx(actual.calls, rel=0.15)
        assert estimated[role]["prompt_tokens"] == pytest.approx(actual.prompt_tokens, rel=0.15)


def test_an_estimate_is_near_what_a_run_with_data_sets_asks(
    tmp_path: Path, shared_ray: dict[str, str]
) -> None:
    models = embedded_stub() | {
        "reasoner": {"stub": {"reasoning": True}},
        "rejected": {"stub": {}},
    }
    file = write_config(tmp_path, models)
    datasets = [
        {"kind": "sft", "count": 20},
        {"kind": "dpo", "count": 8},
        {"kind": "dialogue", "count": 6, "reasoning": True, "turns": [2, 3]},
    ]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"datasets": datasets}))
    config, run = str(file), tmp_path / "run"
    code, output, said = ended(tmp_path / "estimate", "estimate", config, "--json")
    assert code == 0, said
    code, _, said = ended(tmp_path / "played", "run", config, "--run", str(run), **shared_ray)
    assert code == 0, said
    with RunStore.read_only(run) as store:
        asked = {role.role.value: role for role in store.usage().roles}
    estimated = {role["role"]: role for role in json.loads(output)["roles"]}
    assert set(estimated) == set(asked)
    assert {"instructor", "responder", "reasoner", "rejected", "user", "judge"} < set(asked)
    for role, actual in asked.items():
        assert estimated[role]["calls"] == pytest.approx(actual.calls, rel=0.15)
        assert estimated[role]["prompt_tokens"] == pytest.approx(actual.prompt_tokens, rel=0.15)


def test_a_genuine_server_is_found_to_be_what_it_is(server: RealServer, tmp_path: Path) -> None:
    assert server.vectors is not None
    (tmp_path / "vectors.key").write_text(server.vectors.api_key)
    embedding = {
        "base_url": server.vectors.base_url,
        "model": server.vectors.model,
        "api_key_file": str(tmp_path / "vectors.key"),
    }
    config = str(write_config(tmp_path, {"default": on(server), "embedding": embedding}))
    command = ("check-models", config, "--json")
    code, output, said = ended(tmp_path / "check", *command, key=server.api_key)
    assert code == 0, output + said
    chat, vectors = (findings(checkup) for checkup in json.loads(output)["endpoints"])
    assert chat["replies of a shape"]["said"] == "by JSON schema: honoured"
    assert chat["thinking"]["said"] == "found in 'reasoning_content'"
    assert chat["usage"]["mark"] == "ok"
    assert chat["context"]["said"].startswith(f"{server.context_tokens:,} tokens")
    assert vectors["vectors"]["said"].endswith(" numbers a text")
    assert server.api_key not in output + said


def test_a_wrong_key_ends_a_run_before_it_begins(server: RealServer, tmp_path: Path) -> None:
    config = str(write_config(tmp_path, {"default": on(server)}))
    run = tmp_path / "run"
    command = ("simulate", config, "--run", str(run))
    code, _, said = ended(tmp_path / "played", *command, key="sk-wrong-key")
    assert code == 1
    assert f"check the value of {KEY_NAME}" in said
    assert "joining Ray" not in said
    assert "sk-wrong-key" not in said
    with RunStore.read_only(run) as store:
        assert store.events("group") == {}
        assert store.usage().calls == 0


def test_a_name_that_llama_cpp_does_not_list_is_taken_all_the_same_and_told(
    server: RealServer, tmp_path: Path
) -> None:
    config = str(write_config(tmp_path, {"default": on(server, model="no-such-model")}))
    command = ("check-models", config, "--json")
    code, output, said = ended(tmp_path / "check", *command, key=server.api_key)
    assert code == 0, output + said
    found = findings(json.loads(output)["endpoints"][0])["model"]
    assert found["mark"] == "note"
    assert f"is not in the list ({server.model}), but '{server.model}' answers" in found["said"]


def test_a_preview_on_a_genuine_server_shows_its_thinking_and_calibrates(
    server: RealServer, tmp_path: Path
) -> None:
    priced = on(server, price={"input": 1.0, "output": 2.0})
    file = write_config(tmp_path, {"default": priced}, max_in_flight=4)
    datasets = [{"kind": "sft", "count": 40}, {"kind": "reason", "count": 30}]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"datasets": datasets}))
    command = ("estimate", str(file), "--preview", "2", "--json")
    code, output, said = ended(tmp_path / "estimate", *command, key=server.api_key)
    assert code == 0, said
    figures = json.loads(output)
    assert figures["calibrated"]
    assert figures["cost"] > 0
    assert figures["duration"]["seconds"] > 0
    assert "thinks: " in said
    assert "scenario of g0000, window 0" in said
    for made in figures["datasets"]:
        assert f"data set {made['name']}, candidate 0" in said
        assert made["preview"]["candidates"] >= 2
        assert made["output_tokens"] > made["calls"]
