"""docs/datasets.md: its configs are some, and its rows and figures are those of the demo."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from matrix_sim.cli.summary_lines import dataset_lines
from matrix_sim.config import DatasetConfig, DatasetKind, RunConfig
from matrix_sim.config.file import load_config
from matrix_sim.export.format_names import FormatName
from matrix_sim.export.formats.trl import conversational
from matrix_sim.export.samples import Origins, samples_of
from matrix_sim.export.split import PersonaSplit
from matrix_sim.founding import read_society
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run
from matrix_sim.synthesis.facets_file import load_facets
from tests.support.pages import CHECKOUT, anchors, blocks, links, load_snippet, page
from tests.support.small_world import finished

PAGE = page("datasets")
SNIPPETS = blocks(PAGE, "yaml")
SIDES = PersonaSplit(7, 0.0)


@cache
def demo() -> tuple[RunConfig, RunStore, RunSummary]:
    config = load_config(CHECKOUT / "examples" / "demo.yaml", (), {}).config
    store, _ = finished(config)
    return config, store, summarise_run(store, config.datasets)


@cache
def rows() -> dict[str, dict[str, Any]]:
    """The rows of the demo as TRL gets them, by their ids."""
    config, store, _ = demo()
    members = read_society(store, config.society).members
    origins = Origins("", "", {}, "")
    return {
        sample.id: conversational(sample, thinks=dataset.thinks)
        for dataset in config.datasets
        for sample in samples_of(dataset, store.candidates(dataset.label), members, origins, SIDES)
    }


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_every_config_of_the_page_is_one(snippet: str, tmp_path: Path) -> None:
    assert load_snippet(snippet, tmp_path)


def test_the_rows_of_the_page_are_those_of_the_demo_one_of_each_kind() -> None:
    shown = [json.loads(block) for block in blocks(PAGE, "json")]
    assert {row["id"].partition("-")[0] for row in shown} == set(get_args(DatasetKind))
    for row in shown:
        assert row == rows()[row["id"]]


def test_the_figures_of_the_page_are_those_of_the_demo() -> None:
    _, _, summary = demo()
    (dialogue,) = (one for one in summary.datasets if one.name == "dialogue")
    assert "\n".join(dataset_lines(dialogue)) in PAGE


def test_why_a_candidate_was_refused_is_quoted_from_the_demo() -> None:
    _, store, _ = demo()
    (shown,) = (block for block in blocks(PAGE, "") if "   ['" in block)
    said, _, reason = shown.removesuffix("']\n").rpartition("\n   ['")
    number, check, text = said.split(" ", 2)
    one = next(c for c in store.candidates("dpo") if c.draw.number == int(number))
    assert one.opening is not None
    assert (one.refused_by, one.opening.text) == (check, text)
    assert [verdict.reason for verdict in one.verdicts if not verdict.ok] == [reason]


def test_the_table_of_kinds_says_who_is_asked_and_how_hard_requests_are() -> None:
    table = PAGE.partition("## Kinds\n")[2].partition("|---|")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert {kind for kind, *_ in told} == set(get_args(DatasetKind))
    for kind, asked, hard in told:
        dataset = DatasetConfig(kind=kind, count=1)
        roles = re.findall(r"`(\w+)`", asked.replace(" or `reasoner`", ""))
        assert roles == [role.value for role in dataset.roles], kind
        assert hard == dataset.level.replace("mixed", "simple and complex"), kind


def test_every_format_is_in_the_table() -> None:
    table = PAGE.partition("| `--format` |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE)
    assert sorted(named) == sorted(one.value for one in FormatName)


def test_the_facets_of_the_page_can_be_used(tmp_path: Path) -> None:
    (block,) = (one for one in blocks(PAGE, "") if one.startswith("style:"))
    (tmp_path / "facets.yaml").write_text(block, "utf-8")
    assert [option.name for option in load_facets("ja", tmp_path).options["style"]] == [
        "polite",
        "short",
    ]


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_a_readme_shows_a_config_and_a_row_and_figures_of_the_demo(
    name: str, tmp_path: Path
) -> None:
    text = (CHECKOUT / name).read_text("utf-8")
    endpoint = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_MODEL_NAME": "qwen"}
    for snippet in blocks(text, "yaml"):
        assert load_snippet(snippet, tmp_path, endpoint | {"OPENAI_API_KEY": "sk-x"})
    shown = [json.loads(block) for block in blocks(text, "json")]
    (row,) = (one for one in shown if "messages" in one)
    assert row == rows()[row["id"]]
    _, _, summary = demo()
    assert f"\n{summary.replies} calls ({summary.calls_per_action:.2f} an action" in text
    of = {one.name: dataset_lines(one) for one in summary.datasets}
    assert "\n".join(of["dialogue"][:3]) in text
    assert of["reason"][0] in text
    for file, _ in links(text):
        assert (CHECKOUT / file).exists(), file


@pytest.mark.parametrize("name", ["datasets", "quality", "architecture", "endpoints"])
def test_links_between_the_pages_lead_somewhere(name: str) -> None:
    for file, anchor in links(page(name)):
        target = CHECKOUT / "docs" / file if file else CHECKOUT / "docs" / f"{name}.md"
        assert target.is_file(), file
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), f"{file}#{anchor}"
