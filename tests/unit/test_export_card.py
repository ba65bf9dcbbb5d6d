"""The card: a header that the hub's own library reads, and text that stays text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard
from hypothesis import example, given
from hypothesis import strategies as st

from matrix_sim.config import PersonasConfig
from matrix_sim.export.dataset import export_dataset
from matrix_sim.export.finished import FinishedDataset
from matrix_sim.export.format_names import FormatName
from matrix_sim.export.markdown import fenced, inline
from matrix_sim.export.terms import terms_of
from tests.support.examples import examples
from tests.support.finished_runs import a_dataset, a_row, a_run, refused

HOSTILE = (
    "---\nlicense: mit\n---\n# Title\n| a | <script>x</script> ```\n[x](http://x) `y` $z$ \x1b[31m"
)


def card_of(
    out: Path, dataset: FinishedDataset, licence: str | None = None, **config: Any
) -> DatasetCard:
    run = a_run(dataset, **config)
    made = export_dataset(run, dataset, FormatName.TRL, out, test_share=0.4, licence=licence)
    assert made is not None
    return DatasetCard((made.folder / "README.md").read_text("utf-8"))


def test_the_header_says_what_the_hub_wants_to_know(tmp_path: Path) -> None:
    assert card_of(tmp_path, a_dataset("dialogue")).data.to_dict() == {
        "pretty_name": "ja-dialogue: dialogue",
        "language": ["ja"],
        "license": "cc-by-4.0",
        "task_categories": ["text-generation"],
        "size_categories": ["n<1K"],
        "tags": ["synthetic", "matrix-sim", "dialogue"],
    }
    assert card_of(tmp_path, a_dataset("dialogue"), licence="mit").data.license == "mit"


def test_the_text_says_how_many_rows_whose_people_which_models_and_what_was_refused(
    tmp_path: Path,
) -> None:
    config = a_dataset("reason").config
    turned_away = [refused(config, 90 + n, "is_request") for n in range(3)]
    rows = [*turned_away, *(a_row(config, n) for n in range(12))]
    text = card_of(tmp_path, a_dataset("reason", requirement="家計", candidates=rows)).text
    for said in (
        "- About: 家計",
        "thinking: kept",
        "| train | 9 | train.jsonl |",
        "| test | 3 | test.jsonl |",
        "12 people ask",
        "Fujita et al., NVIDIA, September 2025",
        "CC BY 4.0",
        r"| instructor | qwen3-30b |",
        "| agent | stub |",
        "12 of 15 candidates were accepted",
        r"| is\_request | 3 |",
        f"| society | {'5' * 64} |",
        f"| prompt instruction | {'1' * 64} |",
        "SFTTrainer",
        "reasoning_content",
    ):
        assert said in text


def test_candidates_that_were_made_when_more_were_wanted_are_not_counted(tmp_path: Path) -> None:
    config = a_dataset().config
    made = [
        refused(config, 0, "pii"),
        *(a_row(config, n) for n in (1, 2, 3)),
        refused(config, 4, "pii"),
    ]
    text = card_of(tmp_path, a_dataset(candidates=made, count=2)).text
    assert "2 of 3 candidates were accepted" in text
    assert "| pii | 1 |" in text


def test_no_folder_of_the_machine_is_told(tmp_path: Path) -> None:
    personas = {"source": "table", "path": "/home/somebody/people.csv"}
    text = card_of(tmp_path, a_dataset(), personas=personas).content
    assert "/home/somebody" not in text
    assert "people.csv; its owner's terms hold" in text
    assert "license: unknown" in text


@pytest.mark.parametrize(
    ("personas", "licence"),
    [
        ({"source": "nemotron", "path": "x"}, "cc-by-4.0"),
        ({"source": "builtin"}, "apache-2.0"),
        ({"source": "sampler", "count": 3}, "apache-2.0"),
        ({"source": "sampler", "count": 3, "like": "/a/b.csv"}, "unknown"),
        ({"source": "table", "hub": {"id": "o/n"}}, "unknown"),
        ({"source": "social", "path": "/a/b.csv"}, "unknown"),
    ],
)
def test_a_licence_is_named_only_where_it_is_known(personas: Any, licence: str) -> None:
    terms = terms_of(PersonasConfig.model_validate(personas))
    assert terms.licence == licence
    assert "/a/" not in terms.attribution


@examples(80)
@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
@example(text=HOSTILE)
@example(text="a: b # c")
@example(text="...")
@example(text="'\"\\\n- x")
def test_no_text_of_others_breaks_the_header_or_becomes_markdown(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    out = tmp_path_factory.getbasetemp() / "cards"
    models, verdict = {"responder": text}, text.replace("\x00", "")
    config = a_dataset().config
    rows = [a_row(config, answer=verdict, question=verdict, models=models)]
    refusals = [refused(config, 1, text)]
    wish = text.strip() or "general"
    dataset = a_dataset(requirement=wish[:400], candidates=[*rows, *refusals])
    card = card_of(out, dataset, name=text)
    assert sorted(card.data.to_dict()) == sorted(HEADER)
    assert card.data.license == "cc-by-4.0"
    titles = [line for line in outside_of_blocks(card.text) if line.startswith("## ")]
    assert titles == [f"## {title}" for title in TITLES]
    marks = re.compile(r"\x1b|(?<!\\)<")
    assert not any(marks.search(line) for line in outside_of_blocks(card.text))


HEADER = ("pretty_name", "language", "license", "task_categories", "size_categories", "tags")
TITLES = ("Rows", "How it was made", "Checks", "Personas", "Origin", "Limits")


def outside_of_blocks(text: str) -> list[str]:
    """The lines that are Markdown: not in a fenced block."""
    fence, kept = "", []
    for line in text.split("\n"):
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if fence:
            fence = "" if line == fence else fence
        elif len(ticks) >= 3:
            fence = ticks
        else:
            kept.append(line)
    assert not fence
    return kept


def test_text_in_a_line_is_shown_as_it_is() -> None:
    assert inline("a | b\n# *c* <d>") == r"a \| b \# \*c\* \<d\>"
    assert inline("家計の相談（節約）") == "家計の相談（節約）"
    assert inline("qwen3-30b.gguf") == "qwen3-30b.gguf"
    assert len(inline("長" * 900)) == 300


def test_a_block_cannot_be_left_from_within() -> None:
    assert fenced("a\n````\nb", "text") == "`````text\na\n````\nb\n`````"


def test_the_header_is_yaml_by_itself(tmp_path: Path) -> None:
    content = card_of(tmp_path, a_dataset(), name=HOSTILE).content
    header = content.removeprefix("---\n").partition("\n---\n")[0]
    name = yaml.safe_load(header)["pretty_name"]
    assert name.startswith("--- license: mit --- # Title")
    assert "\x1b" not in name
