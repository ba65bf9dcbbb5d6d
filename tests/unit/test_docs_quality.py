"""docs/quality.md: what it says is refused is refused, and what it says is kept is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from matrix_sim.cli.main import main
from matrix_sim.config import QualityConfig
from matrix_sim.quality.contracts import Check, Row
from matrix_sim.quality.rules import checks_of
from tests.support.pages import blocks, load_snippet, page
from tests.support.voice_samples import row_of

PAGE = page("quality")
BORDER = PAGE.partition("## Along the border\n")[2].partition("\n## ")[0]
PAIRS = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", BORDER, re.MULTILINE)
OF_ANSWERS = ("boilerplate", "role_purity")
QUESTION = "余り野菜の使い方を教えてください。"


def checks() -> dict[str, Check]:
    return {check.name: check for check in checks_of(QualityConfig(), "ja")}


def row(check: str, text: str) -> Row:
    return row_of(QUESTION, text) if check in OF_ANSWERS else row_of(text)


def test_every_check_is_in_the_table_in_its_order() -> None:
    table = PAGE.partition("## Along the border")[0]
    named = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert named == list(QualityConfig.model_fields)


@pytest.mark.parametrize(("check", "bad", "good"), PAIRS)
def test_a_pair_of_the_page_lies_on_both_sides_of_the_border(
    check: str, bad: str, good: str
) -> None:
    refused = checks()[check].look(row(check, bad))
    assert refused is not None and not refused.ok
    said = [one.look(row(check, good)) for one in checks().values()]
    assert [verdict.check for verdict in said if verdict is not None and not verdict.ok] == []


def test_the_page_shows_pairs_of_many_checks() -> None:
    assert len({check for check, *_ in PAIRS}) >= 8


def test_what_check_says_of_the_rows_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (rows,) = blocks(PAGE, "jsonl")
    (shown,) = (one for one in blocks(PAGE, "") if one.startswith("$ matrix-sim check"))
    (tmp_path / "rows.jsonl").write_text(rows, "utf-8")
    monkeypatch.chdir(tmp_path)
    command, _, said = shown.partition("\n")
    assert main(command.split()[2:]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("snippet", blocks(PAGE, "yaml"))
def test_every_config_of_the_page_is_one(snippet: str, tmp_path: Path) -> None:
    assert load_snippet(snippet, tmp_path).quality != QualityConfig()
