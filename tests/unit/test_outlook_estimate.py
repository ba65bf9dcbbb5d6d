"""The estimate and the preview, from the figures to what stands in the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.cli.estimate_display import lines_of
from matrix_sim.cli.main import main
from matrix_sim.cli.preview_display import PreviewDisplay
from matrix_sim.config.file import load_config, load_values
from matrix_sim.messages import Scenario
from matrix_sim.outlook.dry_run import dry_run
from matrix_sim.outlook.estimate import estimate
from matrix_sim.outlook.preview import preview_config
from matrix_sim.personas.loading import load_personas
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.store.run_store import RunStore
from tests.support.small_world import founded, small_config

Output = pytest.CaptureFixture[str]
CHECKOUT = Path(__file__).resolve().parents[2]
DEMO = str(CHECKOUT / "examples" / "demo.en.yaml")
SETTINGS = ("models.default={stub: {}}", "datasets=[]")
"""A society alone, that nobody waits for."""
QUICK = tuple(part for setting in SETTINGS for part in ("--set", setting))
PRICE = "{stub: {}, price: {input: 2.0, output: 10.0}}"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def estimated(capsys: Output, *arguments: str) -> dict[str, Any]:
    assert main(["estimate", DEMO, "--json", *QUICK, *arguments]) == 0
    figures: dict[str, Any] = json.loads(capsys.readouterr().out)
    return figures


def test_without_a_preview_calls_and_prompt_tokens_are_known_and_nothing_else(
    capsys: Output,
) -> None:
    figures = estimated(capsys)
    assert [role["role"] for role in figures["roles"]] == ["agent", "modulator"]
    assert figures["calls"] == sum(role["calls"] for role in figures["roles"]) > 100
    assert figures["output_tokens"] is figures["cost"] is figures["duration"] is None


def test_an_endpoint_that_does_not_exist_is_not_missed(capsys: Output) -> None:
    nowhere = "models.default={base_url: 'http://127.0.0.1:9/v1', model: qwen}"
    vectors = "models.embedding={base_url: 'http://127.0.0.1:9/v1', model: e5}"
    figures = estimated(capsys, "--set", nowhere, "--set", vectors)
    assert [role["model"] for role in figures["roles"]] == ["qwen", "qwen", "e5"]
    grouping = figures["roles"][2]["kinds"][0]
    assert (grouping["what"], grouping["calls"]) == ("grouping", 2)


def test_with_a_preview_cost_is_what_tokens_cost_and_the_sum_is_right(capsys: Output) -> None:
    figures = estimated(capsys, "--preview", "3", "--set", f"models.default={PRICE}")
    for role in figures["roles"]:
        paid = 2.0 * role["prompt_tokens"] + 10.0 * role["output_tokens"]
        assert role["cost"] == pytest.approx(paid / 1e6)
    assert figures["cost"] == pytest.approx(sum(role["cost"] for role in figures["roles"]))
    assert figures["duration"]["seconds"] > 0


def test_without_a_price_there_is_none(capsys: Output) -> None:
    assert estimated(capsys, "--preview", "2")["cost"] is None
    assert main(["estimate", DEMO, "--preview", "2", *QUICK]) == 0
    assert "no price" in capsys.readouterr().out


def test_a_preview_of_the_stub_foretells_the_stub(capsys: Output) -> None:
    plain, seen = estimated(capsys), estimated(capsys, "--preview", "12")
    for before, after in zip(plain["roles"], seen["roles"], strict=True):
        assert after["calls"] == pytest.approx(before["calls"], rel=0.15)
        assert after["prompt_tokens"] == pytest.approx(before["prompt_tokens"], rel=0.15)


def test_a_budget_is_compared_with_what_is_expected(capsys: Output) -> None:
    budget = "budget={max_calls: 20, max_tokens: 1000000000, max_cost: 1000}"
    priced = ("--set", f"models.default={PRICE}", "--set", budget)
    fits = {bound["name"]: bound["fits"] for bound in estimated(capsys, *priced)["budget"]}
    assert fits == {"max_calls": False, "max_tokens": None, "max_cost": None}
    seen = estimated(capsys, *priced, "--preview", "2")["budget"]
    assert [bound["fits"] for bound in seen] == [False, True, True]
    main(["estimate", DEMO, *priced])
    said = capsys.readouterr().out
    assert "budget.max_calls 20: does NOT fit" in said
    assert "budget.max_cost 1,000.0: not known without a preview" in said


def test_prompts_that_alone_exceed_the_budget_do_not_fit_whatever_the_replies(
    capsys: Output,
) -> None:
    (bound,) = estimated(capsys, "--set", "budget={max_tokens: 1000}")["budget"]
    assert bound["fits"] is False


def test_limits_by_the_minute_make_a_run_long(capsys: Output) -> None:
    slow = "models.default={stub: {}, limits: {rpm: 600}}"
    figures = estimated(capsys, "--preview", "2", "--set", slow)
    assert figures["duration"]["because"] == "limits.rpm of stub"
    assert figures["duration"]["seconds"] == pytest.approx(figures["calls"] / 10, rel=0.1)


def test_a_sample_is_called_one() -> None:
    many = "personas={source: sampler, count: 60}"
    loaded = load_config(Path(DEMO), (*SETTINGS, many), {})
    people = load_personas(loaded.config.personas, 7, loaded.base_dir, "en").personas
    part = dry_run(loaded.config, people, PromptLibrary("en"), clock=lambda: 0.0, most_actions=50)
    said = "\n".join(lines_of(estimate(loaded.config, part, 0), loaded.config))
    assert "A sample was played and scaled up" in said
    assert "60 people in" in said


def test_a_place_for_a_preview_without_one_is_wrong_usage(capsys: Output) -> None:
    assert main(["estimate", DEMO, "--run", "here"]) == 2
    assert "--preview" in capsys.readouterr().err


def test_a_preview_shows_what_people_want_do_and_hear_and_what_comes_of_it(
    capsys: Output,
) -> None:
    thinking = ("--set", "models.default={stub: {reasoning: true}}")
    assert main(["preview", DEMO, "-n", "3", *thinking]) == 0
    said = capsys.readouterr().out
    for part in ("goal: ", "plan 1: ", "thinks: ", "[plan]: ", "-> heard of by ", "tick 2"):
        assert part in said
    assert "scenario of g0000, window 0\n  " in said
    assert "3 calls" in said
    assert max(map(len, said.splitlines())) < 1000


def test_a_preview_that_is_kept_is_not_paid_for_twice(tmp_path: Path, capsys: Output) -> None:
    command = ["preview", DEMO, "-n", "3", "--run", str(tmp_path / "kept"), *QUICK]
    assert main(command) == 0
    first = capsys.readouterr().out
    with RunStore.read_only(tmp_path / "kept") as store:
        usage = store.usage()
    assert main(command) == 0
    told = capsys.readouterr().out
    with RunStore.read_only(tmp_path / "kept") as store:
        assert store.usage() == usage
        assert len(list(store.scenarios())) == 1
    assert told.partition("what it took")[0] == first.partition("what it took")[0]


def test_a_preview_that_is_thrown_away_leaves_nothing(tmp_path: Path) -> None:
    assert main(["preview", DEMO, "-n", "2", *QUICK]) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_preview_gives_json_to_programs_and_its_story_to_people(capsys: Output) -> None:
    assert main(["preview", DEMO, "-n", "2", "--json", *QUICK]) == 0
    said = capsys.readouterr()
    figures = json.loads(said.out)
    assert len(figures["people"]) == 2
    assert {kind["role"] for kind in figures["kinds"]} == {"agent", "modulator"}
    assert "goal: " in said.err


def test_a_preview_takes_fewer_people_where_there_are_fewer() -> None:
    config = {
        "society": {"group_size": {"min": 4, "max": 8, "mean": 5}, "scenarios": 50},
        "models": {"default": {"stub": {}}},
        "personas": {"count": 2},
    }
    small = preview_config(load_values(config, (), {}), 5).config
    assert small.personas.count == 2
    assert (small.society.ticks, small.society.scenarios) == (3, None)
    assert small.society.group_size.min == small.society.group_size.mean == 2


def test_what_a_model_says_does_not_steer_the_terminal() -> None:
    lines: list[str] = []
    with RunStore.in_memory() as store:
        display = PreviewDisplay(founded(small_config(), store), lines.append)
    display.scenario(Scenario(0, 0, (), "\x1b[2Jgone\r\nand \u202eback"))
    assert lines[1] == "  \ufffd[2Jgone and \ufffdback"
