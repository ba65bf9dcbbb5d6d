"""`matrix-sim push`: the hub's own client against a hub on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from matrix_sim.cli.main import main
from matrix_sim.export.finished import FinishedDataset
from tests.support.finished_runs import a_dataset, a_row, a_run
from tests.support.hub_server import Hub, hub

Output = pytest.CaptureFixture[str]
TOKEN = "hf_theOneThatNobodyMaySee"


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that the client is led to, and a token for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with hub(TOKEN) as state:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", state.url)
        yield state


@pytest.fixture
def having(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have every run hold these data sets."""

    def hold(*datasets: FinishedDataset) -> None:
        read = "matrix_sim.export.finished.read_datasets"
        monkeypatch.setattr(read, lambda _: a_run(*datasets))

    return hold


def refused(capsys: Output, *arguments: str, code: int = 2) -> str:
    assert main(["push", "run", *arguments]) == code
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    return said.err


def test_a_data_set_goes_to_the_hub_with_its_card(held: Hub, having: Any, capsys: Output) -> None:
    having(a_dataset("dpo"))
    assert main(["push", "run", "owner/rows", "--private", "--test-share", "0.4"]) == 0
    assert sorted(held.files) == ["README.md", "test.jsonl", "train.jsonl"]
    assert held.files["train.jsonl"] == Path("run/exports/dpo/trl/train.jsonl").read_bytes()
    assert held.repositories["owner/rows"]["visibility"] == "private"
    said = capsys.readouterr()
    assert said.out == f"dpo: 9 train, 3 test: {held.url}/datasets/owner/rows\n"
    assert TOKEN not in said.out + said.err


def test_pushing_again_replaces_what_is_out_of_date_and_leaves_the_rest(
    held: Hub, having: Any
) -> None:
    having(a_dataset())
    assert main(["push", "run", "owner/rows", "--test-share", "0.4"]) == 0
    held.files["notes.txt"] = b"mine"
    Path("run/exports/sft/trl/private.jsonl").write_text("{}\n", "utf-8")
    config = a_dataset(count=1).config
    having(a_dataset(count=1, candidates=[a_row(config)]))
    assert main(["push", "run", "owner/rows", "--test-share", "0"]) == 0
    assert sorted(held.files) == ["README.md", "notes.txt", "train.jsonl"]


def test_another_format_and_json(held: Hub, having: Any, capsys: Output) -> None:
    having(a_dataset())
    arguments = ["--format", "parquet", "--test-share", "0", "--json"]
    assert main(["push", "run", "owner/rows", *arguments]) == 0
    assert held.files["train.parquet"].startswith(b"PAR1")
    told = json.loads(capsys.readouterr().out)
    assert told["address"] == f"{held.url}/datasets/owner/rows"
    assert "visibility" not in held.repositories["owner/rows"]


def test_of_several_data_sets_one_has_to_be_named(held: Hub, having: Any, capsys: Output) -> None:
    having(a_dataset("sft"), a_dataset("dpo"))
    assert "say which with --dataset: sft, dpo" in refused(capsys, "owner/rows")
    assert held.seen == []
    assert main(["push", "run", "owner/rows", "--dataset", "sft"]) == 0


def test_without_rows_nothing_is_sent(held: Hub, having: Any, capsys: Output) -> None:
    having(a_dataset(candidates=()))
    assert "no accepted rows yet in sft" in refused(capsys, "owner/rows")
    assert held.seen == []


def test_without_a_token_it_is_said_how_to_give_one(
    held: Hub, having: Any, capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(a_dataset())
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    assert "set HF_TOKEN" in refused(capsys, "owner/rows")
    assert held.seen == []


def test_a_wrong_token_is_refused_and_never_shown(
    held: Hub, having: Any, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(a_dataset())
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    said = refused(capsys, "owner/rows")
    assert "the hub does not know the token" in said
    assert "hf_wrong" not in said


def test_where_the_token_may_not_write_that_is_said(held: Hub, having: Any, capsys: Output) -> None:
    having(a_dataset())
    assert "the token may not write there" in refused(capsys, "somebody/rows")


def test_a_name_that_cannot_be_is_refused(held: Hub, having: Any, capsys: Output) -> None:
    having(a_dataset())
    assert "give OWNER/NAME" in refused(capsys, "owner/rows/more")


def test_a_card_that_the_hub_does_not_take_is_told(held: Hub, having: Any, capsys: Output) -> None:
    having(a_dataset())
    said = refused(capsys, "owner/rows", "--license", "bad")
    assert '"license" must be one of the known ones' in said
    assert held.files == {}


def test_a_hub_that_cannot_be_reached_is_a_failure_that_keeps_the_export(
    held: Hub, having: Any, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(a_dataset())
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    said = refused(capsys, "owner/rows", code=1)
    assert "the hub at http://127.0.0.1:9 cannot be reached" in said
    assert Path("run/exports/sft/trl/train.jsonl").exists()


def test_without_the_package_the_extra_is_named(
    held: Hub, having: Any, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(a_dataset())
    monkeypatch.setitem(sys.modules, huggingface_hub.__name__, None)
    assert "pip install 'matrix-sim[hf]'" in refused(capsys, "owner/rows")
