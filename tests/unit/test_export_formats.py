"""What each trainer gets, field by field; and that `datasets` reads it back as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.errors import UsageError
from matrix_sim.export.dataset import Exported, export_dataset
from matrix_sim.export.finished import FinishedDataset
from matrix_sim.export.format_names import FormatName
from matrix_sim.export.formats import FORMATS
from matrix_sim.quality.reading import read_rows
from tests.support.examples import examples
from tests.support.finished_runs import (
    ANSWER,
    PEOPLE,
    QUESTION,
    THINKING,
    WORSE,
    a_dataset,
    a_row,
    a_run,
)

FIRST = f"{QUESTION}（0）"
THOUGHT = f"<think>\n{THINKING}\n</think>\n\n{ANSWER}"
KINDS = ("sft", "dpo", "reason", "dialogue", "code", "safety")


def exported(out: Path, dataset: FinishedDataset, name: str, share: float = 0.0) -> Exported:
    made = export_dataset(a_run(dataset), dataset, FormatName(name), out, test_share=share)
    assert made is not None
    return made


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def first(out: Path, dataset: FinishedDataset, name: str) -> dict[str, Any]:
    made = exported(out, dataset, name)
    row = lines(made.folder / "train.jsonl")[0]
    row.pop("metadata", None)
    return row


def user(text: str = FIRST) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str, **more: str) -> dict[str, str]:
    return {"role": "assistant", "content": text} | more


def test_every_name_has_its_format() -> None:
    assert [*FORMATS] == [*FormatName]


def test_trl_gets_messages_with_the_thinking_apart(tmp_path: Path) -> None:
    assert first(tmp_path, a_dataset("sft"), "trl") == {
        "id": "sft-000000",
        "messages": [user(), assistant(ANSWER)],
    }
    assert first(tmp_path, a_dataset("reason"), "trl")["messages"] == [
        user(),
        assistant(ANSWER, reasoning_content=THINKING),
    ]


def test_trl_gets_preferences_with_a_prompt_that_ends_with_the_user(tmp_path: Path) -> None:
    assert first(tmp_path, a_dataset("dpo"), "trl") == {
        "id": "dpo-000000",
        "prompt": [user()],
        "chosen": [assistant(ANSWER)],
        "rejected": [assistant(WORSE)],
    }
    row = first(tmp_path, a_dataset("dpo", reasoning=True), "trl")
    assert row["chosen"] == [assistant(ANSWER, reasoning_content=THINKING)]
    assert row["rejected"] == [assistant(WORSE)]


def test_of_a_data_set_that_thinks_every_answer_has_a_thinking_if_an_empty_one(
    tmp_path: Path,
) -> None:
    config = a_dataset("dialogue", reasoning=True).config
    row = a_row(config, thinking="")
    dialogue = a_dataset("dialogue", reasoning=True, candidates=[row])
    messages = first(tmp_path, dialogue, "trl")["messages"]
    assert [message.get("reasoning_content") for message in messages] == [None, "", None, ""]
    assert [[*message] for message in messages[::2]] == [["role", "content"]] * 2


def test_llamafactory_gets_the_thinking_inside_and_an_index(tmp_path: Path) -> None:
    row = first(tmp_path, a_dataset("reason"), "llamafactory")
    assert row == {"id": "reason-000000", "messages": [user(), assistant(THOUGHT)]}
    info = json.loads((tmp_path / "reason/llamafactory/dataset_info.json").read_text("utf-8"))
    assert info == {
        "reason": {
            "file_name": "train.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                "system_tag": "system",
            },
        }
    }


def test_llamafactory_gets_one_message_of_each_answer_and_is_told_of_the_ranking(
    tmp_path: Path,
) -> None:
    row = first(tmp_path, a_dataset("dpo", reasoning=True), "llamafactory")
    assert row["messages"] == [user()]
    assert (row["chosen"], row["rejected"]) == (assistant(THOUGHT), assistant(WORSE))
    exported(tmp_path, a_dataset("dpo"), "llamafactory", share=0.4)
    info = json.loads((tmp_path / "dpo/llamafactory/dataset_info.json").read_text("utf-8"))
    assert {name: entry["file_name"] for name, entry in info.items()} == {
        "dpo": "train.jsonl",
        "dpo_test": "test.jsonl",
    }
    assert all(entry["ranking"] is True for entry in info.values())
    assert info["dpo"]["columns"] == {
        "messages": "messages",
        "chosen": "chosen",
        "rejected": "rejected",
    }


def test_ms_swift_gets_the_better_answer_in_the_messages_and_the_worse_one_beside(
    tmp_path: Path,
) -> None:
    row = first(tmp_path, a_dataset("dpo", reasoning=True), "ms-swift")
    assert row["messages"] == [user(), assistant(THOUGHT)]
    assert row["rejected_response"] == WORSE
    row = first(tmp_path, a_dataset("dialogue", reasoning=True), "ms-swift")
    assert [one["content"] for one in row["messages"][1::2]] == [THOUGHT, THOUGHT]
    assert "rejected_response" not in row


def test_axolotl_gets_its_section_and_the_thinking_where_that_loader_looks(tmp_path: Path) -> None:
    row = first(tmp_path, a_dataset("reason"), "axolotl")
    assert row["messages"][1] == assistant(ANSWER, reasoning_content=THINKING)
    exported(tmp_path, a_dataset("reason"), "axolotl", share=0.4)
    section = yaml.safe_load((tmp_path / "reason/axolotl/axolotl.yaml").read_text("utf-8"))
    reading = {
        "ds_type": "json",
        "split": "train",
        "type": "chat_template",
        "field_messages": "messages",
        "field_thinking": "reasoning_content",
        "template_thinking_key": "reasoning_content",
    }
    assert section == {
        "datasets": [{"path": "train.jsonl", **reading}],
        "test_datasets": [{"path": "test.jsonl", **reading}],
    }


def test_axolotl_gets_preferences_with_the_thinking_inside(tmp_path: Path) -> None:
    row = first(tmp_path, a_dataset("dpo", reasoning=True), "axolotl")
    assert row["messages"] == [user()]
    assert (row["chosen"], row["rejected"]) == (assistant(THOUGHT), assistant(WORSE))
    section = yaml.safe_load((tmp_path / "dpo/axolotl/axolotl.yaml").read_text("utf-8"))
    assert section["rl"] == "dpo"
    assert section["datasets"][0]["type"] == "chat_template.default"
    assert section["datasets"][0]["field_chosen"] == "chosen"


def test_openai_gets_nothing_but_its_own_fields(tmp_path: Path) -> None:
    assert first(tmp_path, a_dataset("reason"), "openai") == {
        "messages": [user(), assistant(ANSWER)]
    }
    assert first(tmp_path, a_dataset("dpo"), "openai") == {
        "input": {"messages": [user()]},
        "preferred_output": [assistant(ANSWER)],
        "non_preferred_output": [assistant(WORSE)],
    }


def test_what_openai_has_no_place_for_is_kept_beside_or_said(tmp_path: Path) -> None:
    made = exported(tmp_path, a_dataset("reason"), "openai", share=0.4)
    kept = lines(made.folder / "provenance.jsonl")
    tested = [one for one in kept if one["split"] == "test"]
    assert [one["line"] for one in tested] == [*range(1, made.counts["test"] + 1)]
    assert {one["metadata"]["persona"] for one in kept} == {f"p{n:04d}" for n in range(PEOPLE)}
    assert any("thinking is left out" in note for note in made.notes)


def test_parquet_holds_what_trl_gets_compressed_with_zstd(tmp_path: Path) -> None:
    made = exported(tmp_path, a_dataset("dpo", reasoning=True), "parquet")
    file = pq.ParquetFile(made.folder / "train.parquet")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    row = file.read().to_pylist()[0]
    assert row["chosen"] == [assistant(ANSWER, reasoning_content=THINKING)]
    assert row["rejected"] == [assistant(WORSE)]
    assert row["metadata"]["facets"]["task"] == "advice"


# `datasets` finds the splits by itself, and gives back what was written.


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def split_rows(folder: Path) -> dict[str, list[Any]]:
    import datasets

    loaded = datasets.load_dataset(str(folder))
    return {split: [without_nulls(row) for row in rows] for split, rows in loaded.items()}


@pytest.mark.parametrize("name", [name for name in FormatName if name != "parquet"])
@pytest.mark.parametrize("kind", ["sft", "dpo", "dialogue"])
def test_check_reads_every_format_of_lines(tmp_path: Path, name: str, kind: str) -> None:
    made = exported(tmp_path, a_dataset(kind), name)
    (row, *_) = rows = list(read_rows(made.folder / "train.jsonl"))
    assert (len(rows), row.request) == (PEOPLE, FIRST)
    assert [turn.content for turn in row.rejected] == ([WORSE] if kind == "dpo" else [])


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("name", [*FormatName])
@pytest.mark.parametrize(("kind", "thinks"), [("sft", False), ("dpo", True), ("dialogue", True)])
def test_datasets_loads_every_format_by_its_folder(
    tmp_path: Path, name: str, kind: str, thinks: bool
) -> None:
    dataset = a_dataset(kind, reasoning=thinks)
    made = exported(tmp_path, dataset, name, share=0.4)
    loaded = split_rows(made.folder)
    assert {split: len(rows) for split, rows in loaded.items()} == made.counts
    assert made.counts["test"] > 0
    if name != "parquet":
        for split, rows in loaded.items():
            assert rows == lines(made.folder / f"{split}.jsonl")
    else:
        exported(tmp_path, dataset, "trl", share=0.4)
        assert loaded == split_rows(tmp_path / kind / "trl")


@pytest.mark.usefixtures("cache")
def test_a_folder_is_not_taken_for_another_of_its_name_nor_for_what_it_was(tmp_path: Path) -> None:
    asked = [a_dataset("sft"), a_dataset("code"), a_dataset("sft", requirement="家計の相談")]
    for dataset in asked:
        folder = exported(tmp_path, dataset, "trl").folder
        (row, *_) = split_rows(folder)["train"]
        assert row["metadata"]["kind"] == dataset.config.kind
        assert row["metadata"]["requirement"] == dataset.config.requirement


@pytest.mark.usefixtures("cache")
def test_messages_that_datasets_loads_have_no_null_keys(tmp_path: Path) -> None:
    import datasets

    made = exported(tmp_path, a_dataset("reason"), "trl")
    (row, *_) = datasets.load_dataset(str(made.folder), split="train")
    assert [[*message] for message in row["messages"]] == [
        ["role", "content"],
        ["role", "content", "reasoning_content"],
    ]


@pytest.mark.usefixtures("cache")
def test_the_types_of_a_late_row_are_those_of_the_first_megabytes(tmp_path: Path) -> None:
    """Readers take the types from a file's beginning: here a late row is the first with more."""
    import datasets

    config = a_dataset("reason", count=9).config
    long = [a_row(config, n, answer="白" * 600_000, thinking="") for n in range(8)]
    odd = a_row(config, 8, labels={"score": 8.5}, models={"reasoner": "r1"})
    made = exported(tmp_path, a_dataset("reason", count=9, candidates=[*long, odd]), "trl")
    rows = datasets.load_dataset(
        "json", data_files=str(made.folder / "train.jsonl"), split="train", chunksize=1 << 20
    )
    assert rows[8]["messages"][1]["reasoning_content"] == THINKING
    assert rows[8]["metadata"]["labels"] == {"score": "8.5"}
    assert rows[0]["metadata"]["labels"] == {"score": ""}


# Bytes.

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("texts")


@examples(60)
@given(text=TEXTS)
def test_texts_come_out_as_they_went_in(folder: Path, text: str) -> None:
    config = a_dataset("sft").config
    made = exported(folder, a_dataset("sft", candidates=[a_row(config, answer=text)]), "trl")
    raw = (made.folder / "train.jsonl").read_bytes()
    assert json.loads(raw)["messages"][1]["content"] == text
    assert raw.count(b"\n") == 1


def test_japanese_is_written_as_it_is_and_nothing_is_normalised(tmp_path: Path) -> None:
    config = a_dataset("sft").config
    answer = "ﾊﾝｶｸ ①㍻ が が"
    made = exported(tmp_path, a_dataset(candidates=[a_row(config, answer=answer)]), "trl")
    assert answer.encode() in (made.folder / "train.jsonl").read_bytes()


@pytest.mark.parametrize("name", [*FormatName])
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    folders = [exported(tmp_path / n, a_dataset("dpo"), name, 0.4).folder for n in ("a", "b")]
    a, b = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert a == b


@pytest.mark.usefixtures("cache")
def test_a_split_without_rows_has_no_file_and_that_is_said(tmp_path: Path) -> None:
    made = exported(tmp_path, a_dataset("sft"), "trl", share=0.4)
    assert (made.folder / "test.jsonl").exists()
    config = a_dataset("sft").config
    one = a_dataset("sft", candidates=[a_row(config)], count=1)
    made = exported(tmp_path, one, "trl", share=0.01)
    assert made.counts == {"train": 1, "test": 0}
    assert [path.name for path in sorted(made.folder.iterdir())] == ["README.md", "train.jsonl"]
    assert made.notes == (
        "no row is for 'test', and there is no such file: of 1 people none falls there with "
        "--test-share 0.01",
    )
    assert split_rows(made.folder).keys() == {"train"}
    assert exported(tmp_path, one, "trl", share=1).counts == {"train": 0, "test": 1}


def test_too_few_rows_are_said_and_none_are_nothing(tmp_path: Path) -> None:
    config = a_dataset("sft", count=20).config
    made = exported(tmp_path, a_dataset(count=20, candidates=[a_row(config)]), "trl")
    assert made.notes == ("1 of the 20 rows that were asked for",)
    empty = a_dataset(candidates=())
    assert export_dataset(a_run(empty), empty, FormatName.TRL, tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = exported(tmp_path, a_dataset("sft"), "trl")
    before = (made.folder / "train.jsonl").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UsageError, match=r"train\.jsonl: cannot be written \(No space left"):
        exported(tmp_path, a_dataset("sft", name="", requirement="家計"), "trl")
    assert (made.folder / "train.jsonl").read_bytes() == before
    assert not [*made.folder.glob("*.part")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_into_every_format(tmp_path: Path, kind: str) -> None:
    for name in FormatName:
        assert sum(exported(tmp_path, a_dataset(kind), name).counts.values()) == PEOPLE
