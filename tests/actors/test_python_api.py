"""`from matrix_sim import Run, RunConfig`: a run that is made, played and read from Python."""

from __future__ import annotations

import asyncio
import json
import runpy
import signal
from pathlib import Path
from typing import Any

import pytest
import ray

from matrix_sim import Run, RunConfig, Sample, Scenario, Turn, UsageError
from tests.support.small_run import GROUPS, PEOPLE, TICKS, embedded_stub, write_config

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("own_ray")]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "python_api.py"


def test_the_example_does_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(EXAMPLE))["main"]
    main(str(tmp_path / "run"))
    said = capsys.readouterr().out
    assert said.startswith("4 scenarios, ")
    assert said.count("\nwindow ") == 4
    assert "group 0: " in said
    assert said.count("\n  user: ") == said.count("\n  assistant: ") >= 2
    main(str(tmp_path / "run"))
    assert capsys.readouterr().out == said, "a run that has ended is played again at no cost"


def test_a_run_of_a_file_gives_what_the_command_line_exports(
    expected: bytes, tmp_path: Path
) -> None:
    run = Run(write_config(tmp_path, embedded_stub()), tmp_path / "run")
    seen: list[int] = []
    summary = run.play(lambda status: seen.append(status.committed_ticks))
    assert run.scenarios_file.read_bytes() == expected
    assert seen == sorted(seen)
    assert (summary.agents, summary.groups, summary.ticks) == (PEOPLE, GROUPS, GROUPS * TICKS)
    assert summary == run.summary()
    assert ray.is_initialized(), "the Ray of the caller stays up"


def test_scenarios_are_typed_and_say_what_the_file_says(tmp_path: Path) -> None:
    run = Run(write_config(tmp_path, embedded_stub()), tmp_path / "run")
    run.play()
    scenarios = list(run.scenarios())
    rows = [json.loads(line) for line in run.scenarios_file.read_text("utf-8").splitlines()]
    assert [scenario.summary for scenario in scenarios] == [row["summary"] for row in rows]
    assert all(isinstance(scenario, Scenario) and scenario.actions for scenario in scenarios)
    members = run.society().members
    assert {a.speaker for s in scenarios for a in s.actions} <= {m.speaker for m in members}


def test_rows_are_typed_and_say_what_the_exported_files_say(tmp_path: Path) -> None:
    config: dict[str, Any] = json.loads(write_config(tmp_path, embedded_stub()).read_text())
    sft = {"kind": "sft", "name": "home", "count": 5}
    run = Run(config | {"datasets": [sft]}, tmp_path / "run")
    with pytest.raises(UsageError):
        run.samples("home")
    run.play()
    rows = run.samples("home")
    exported = [
        (row["id"], row["messages"][-1]["content"])
        for file in sorted(run.exports_folder.glob("home/trl/*.jsonl"))
        for row in map(json.loads, file.read_text("utf-8").splitlines())
    ]
    assert [(row.id, row.messages[-1].content) for row in rows] == sorted(exported)
    assert len(rows) == 5
    assert all(isinstance(row, Sample) and isinstance(row.messages[0], Turn) for row in rows)
    made = run.candidates("home")
    assert [f"home-{one.draw.number:06d}" for one in made if one.accepted] == [r.id for r in rows]
    with pytest.raises(UsageError, match="no data set 'sft'; it has: home"):
        run.samples("sft")


def test_a_notebook_awaits_it_and_keeps_its_own_handler_of_interrupts(
    expected: bytes, tmp_path: Path
) -> None:
    run = Run(write_config(tmp_path, embedded_stub()), tmp_path / "run")
    before = signal.getsignal(signal.SIGINT)

    async def cell() -> None:
        with pytest.raises(UsageError, match=r"await run\.play_async"):
            run.play()
        await run.play_async()

    asyncio.run(cell())
    assert run.scenarios_file.read_bytes() == expected
    assert signal.getsignal(signal.SIGINT) is before


def test_what_a_listener_raises_stops_the_play_and_is_raised(
    expected: bytes, tmp_path: Path
) -> None:
    def listen(_: object) -> None:
        raise LookupError("no more, please")

    run = Run(write_config(tmp_path, embedded_stub("fixed:0.3")), tmp_path / "run")
    with pytest.raises(LookupError, match="no more"):
        run.play(listen)
    summary = run.summary()
    assert 0 <= summary.ticks < GROUPS * TICKS
    assert summary.calls_lost == 0, "what was under way came home"
    run.play()
    assert run.scenarios_file.read_bytes() == expected


def test_a_finished_run_is_opened_by_its_directory_and_can_be_grown(tmp_path: Path) -> None:
    config: dict[str, Any] = json.loads(write_config(tmp_path, embedded_stub()).read_text())
    del config["society"]["ticks"]
    first = Run(config, tmp_path / "run", overrides=["society.scenarios=2"])
    paid = first.play().replies
    again = Run.open(tmp_path / "run")
    assert list(again.scenarios()) == list(first.scenarios())
    assert again.config.society.scenarios == 2
    grown = Run(config, tmp_path / "run", overrides=["society.scenarios=4"])
    assert grown.play().replies > paid
    assert len(list(grown.scenarios())) == 4
    assert list(grown.scenarios())[:2] == list(again.scenarios())


def test_a_fork_pays_only_for_what_changed(tmp_path: Path) -> None:
    config = write_config(tmp_path, embedded_stub())
    first = Run(config, tmp_path / "first")
    paid = first.play().replies
    other = Run(config, tmp_path / "other", overrides=["name=renamed"], fork_of=tmp_path / "first")
    played = other.play()
    assert (played.sendings, played.calls_taken_along) == (0, paid), "nothing was sent once more"
    assert other.scenarios_file.read_bytes() == first.scenarios_file.read_bytes()
    assert Run(config, tmp_path / "other", fork_of=tmp_path / "first").play() == played


def test_what_is_wrong_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"society.ticks: -1 given; wants a whole number"):
        Run({"society": {"ticks": -1}, "models": embedded_stub()}, tmp_path / "run")
    with pytest.raises(UsageError, match="is no run"):
        Run.open(tmp_path / "run")
    with pytest.raises(UsageError):
        list(Run(write_config(tmp_path, embedded_stub()), tmp_path / "run").scenarios())
    assert not (tmp_path / "run").exists()


def test_a_key_that_a_config_names_has_to_be_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOME_KEY", raising=False)
    model = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "api_key_env": "SOME_KEY"}
    config = RunConfig.model_validate({"society": {"ticks": 1}, "models": {"default": model}})
    with pytest.raises(UsageError, match="SOME_KEY is not set"):
        Run(config, tmp_path / "run")
    (tmp_path / ".env").write_text("SOME_KEY=sk-1")
    run = Run(config, tmp_path / "run")
    assert run.config.secrets["SOME_KEY"].get_secret_value() == "sk-1"
    assert "sk-1" not in repr(run.config)
