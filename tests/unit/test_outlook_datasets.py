"""What users are told of data sets before they pay: estimate, preview, validate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.cli.main import main
from matrix_sim.cli.preview_display import PreviewDisplay
from matrix_sim.config.file import load_values
from matrix_sim.outlook.preview import preview_config
from matrix_sim.outlook.preview_rows import PreviewedDataset
from matrix_sim.quality.contracts import Turn, Verdict
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.contracts import Candidate, Completion, Draw
from tests.support.small_world import founded, small_config

Output = pytest.CaptureFixture[str]
PRICE = {"input": 2.0, "output": 10.0}
PRICED: dict[str, Any] = {"stub": {}, "price": PRICE}
CONFIG: dict[str, Any] = {
    "seed": 3,
    "language": "en",
    "personas": {"source": "builtin", "count": 6},
    "society": {"group_size": {"min": 2, "max": 4, "mean": 3}, "neighbours": 1, "ticks": 3},
    "models": {
        "default": PRICED,
        "reasoner": {"stub": {"reasoning": True}, "price": PRICE},
        "rejected": PRICED,
    },
    "datasets": [
        {"kind": "sft", "name": "household", "count": 5},
        {"kind": "dialogue", "count": 4, "reasoning": True, "turns": [2, 3]},
        {"kind": "dpo", "count": 3},
    ],
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(capsys: Output, verb: str, *arguments: str, **changed: object) -> str:
    Path("config.yaml").write_text(json.dumps(CONFIG | changed), encoding="utf-8")
    assert main([verb, "config.yaml", *arguments]) == 0
    return capsys.readouterr().out


def estimated(capsys: Output, *arguments: str, **changed: object) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(said(capsys, "estimate", "--json", *arguments, **changed))
    return figures


def test_each_data_set_has_its_part_of_what_all_roles_ask(capsys: Output) -> None:
    figures = estimated(capsys)
    made = {one["name"]: one for one in figures["datasets"]}
    assert list(made) == ["household", "dialogue", "dpo"]
    assert [one["rows"] for one in made.values()] == [5, 4, 3]
    roles = {role["role"]: role for role in figures["roles"]}
    society = roles["agent"]["calls"] + roles["modulator"]["calls"]
    assert figures["calls"] == society + sum(one["calls"] for one in made.values())
    tokens = sum(one["prompt_tokens"] for one in made.values())
    assert figures["prompt_tokens"] - tokens == sum(
        roles[role]["prompt_tokens"] for role in ("agent", "modulator")
    )
    assert {*roles} == {
        "agent", "modulator", "instructor", "responder", "reasoner", "rejected", "user", "judge"
    }  # fmt: skip
    assert figures["datasets"][0]["output_tokens"] is None


def test_a_preview_measures_what_rows_take_and_cost(capsys: Output) -> None:
    figures = estimated(capsys, "--preview", "3")
    for one in figures["datasets"]:
        assert one["output_tokens"] > 0
        assert one["preview"]["rows"] + sum(one["preview"]["refused"].values()) >= 3
        paid = 2.0 * one["prompt_tokens"] + 10.0 * one["output_tokens"]
        assert one["cost"] == pytest.approx(paid / 1e6)
    kinds = [kind for role in figures["roles"] for kind in role["kinds"]]
    assert figures["output_tokens"] == sum(kind["output_tokens"] for kind in kinds)
    assert "then for data sets" in figures["duration"]["because"]


def test_thinking_is_part_of_what_a_row_takes(capsys: Output) -> None:
    dialogue = {"datasets": [CONFIG["datasets"][1]]}
    silent = {"datasets": [CONFIG["datasets"][1] | {"reasoning": False}]}
    (thinks,) = estimated(capsys, "--preview", "3", **dialogue)["datasets"]
    (answers,) = estimated(capsys, "--preview", "3", **silent)["datasets"]
    assert thinks["output_tokens"] > 1.3 * answers["output_tokens"]


def test_a_preview_of_the_stub_foretells_the_stub_in_rows_too(capsys: Output) -> None:
    plain, seen = estimated(capsys), estimated(capsys, "--preview", "6")
    for before, after in zip(plain["datasets"], seen["datasets"], strict=True):
        assert after["calls"] == pytest.approx(before["calls"], rel=0.15)
        assert after["prompt_tokens"] == pytest.approx(before["prompt_tokens"], rel=0.15)


def test_the_table_has_a_line_for_each_and_says_what_was_refused(capsys: Output) -> None:
    told = said(capsys, "estimate")
    assert "\nhousehold (sft) " in told
    assert "\n  dialogue/user" in told or "\nuser (stub) " in told
    assert "candidates" in told and "were refused" in told
    assert "data set" not in said(capsys, "estimate", datasets=[])


def test_what_is_not_in_the_figures_is_told(capsys: Output) -> None:
    odd = {"count": 3, "requirement": "zzz qqq", "similarity_floor": 0.9}
    told = said(capsys, "estimate", datasets=[{"kind": "sft"} | odd])
    assert "None of the stub's scenarios fits the requirement of 'sft'" in told
    nobody = CONFIG["society"] | {"ticks": 0}
    told = said(capsys, "estimate", society=nobody, datasets=[{"kind": "sft", "count": 3}])
    assert "'sft' is NOT in the figures" in told
    strict = {"kind": "dpo", "count": 3, "margin": 9, "max_candidates": 4}
    told = said(capsys, "estimate", datasets=[strict])
    assert "'dpo' gets 0 of its 3 rows only: 4 candidates are tried" in told


def test_a_preview_shows_rows_from_the_request_to_what_becomes_of_them(capsys: Output) -> None:
    told = said(capsys, "preview", "-n", "2")
    assert told.count("data set household, candidate ") == 2
    for part in ("  assistant: ", "    thinks: ", "  chosen (", "  rejected (", "-> a row"):
        assert part in told
    assert "data set dpo: 2 of 2 candidates became rows; " in told
    assert "output tokens a row" in told


def test_a_preview_that_is_kept_pays_for_no_row_twice(tmp_path: Path, capsys: Output) -> None:
    kept = str(tmp_path / "kept")
    first = said(capsys, "preview", "-n", "2", "--run", kept)
    with RunStore.read_only(tmp_path / "kept") as store:
        usage = store.usage()
    again = said(capsys, "preview", "-n", "2", "--run", kept)
    with RunStore.read_only(tmp_path / "kept") as store:
        assert store.usage() == usage
    assert again.partition("what it took")[0] == first.partition("what it took")[0]
    assert usage.calls == sum(
        kind["calls"]
        for kind in json.loads(said(capsys, "preview", "-n", "2", "--json", "--run", kept))["kinds"]
    )


def test_a_preview_with_nobody_living_makes_rows_of_people_alone(capsys: Output) -> None:
    people = {"datasets": [{"kind": "sft", "count": 3, "ground": "persona"}]}
    told = said(capsys, "preview", "-n", "2", society=CONFIG["society"] | {"ticks": 0}, **people)
    assert "tick 0" not in told
    assert "data set sft: 2 of 2 candidates became rows" in told


def test_a_preview_tries_few_candidates_from_any_scenario() -> None:
    about = {"kind": "sft", "count": 900, "requirement": "zzz", "similarity_floor": 0.9}
    small = preview_config(load_values(CONFIG | {"datasets": [about]}, (), {}), 3).config
    (dataset,) = small.datasets
    assert (dataset.count, dataset.cap, dataset.similarity_floor) == (3, 6, 0)


def test_a_row_that_is_refused_says_why_and_does_not_steer_the_terminal() -> None:
    lines: list[str] = []
    with RunStore.in_memory() as store:
        display = PreviewDisplay(founded(small_config(), store), lines.append)
    turns = (Turn("user", "\x1b[2Jhelp"), Turn("assistant", "no", "\u202ehm"))
    verdict = Verdict("pii", False, "holds '\x1b[31m555'")
    candidate = Candidate(
        "sft", Draw(4, 0, 0, 1, {"task": "how_to"}), False, Completion(turns), verdicts=(verdict,)
    )
    (dataset,) = load_values(CONFIG | {"datasets": CONFIG["datasets"][:1]}, (), {}).config.datasets
    display.dataset(PreviewedDataset(dataset, (candidate,)))
    assert lines[0] == "data set sft, candidate 4 (task how_to)"
    assert lines[-1] == "    -> no row: pii: holds '\ufffd[31m555'"
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


def test_validate_tells_of_data_sets_and_of_what_may_not_be_meant(capsys: Output) -> None:
    named = {"kind": "sft", "name": "prompts", "count": 1200, "requirement": "household budget"}
    told = said(capsys, "validate", datasets=[named, *CONFIG["datasets"][1:]])
    assert "  data set   prompts: 1,200 of sft, on household budget\n" in told
    assert "  data set   dialogue: 4 of dialogue with the thinking, on whatever there is" in told
    assert "  prompts    the package's (en)" in told
    assert "  note: 'prompts': without 'models.embedding'" in told
