"""`matrix-sim export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.canonical import canonical_json
from matrix_sim.cli.main import main
from matrix_sim.config.file import dump_config, load_values
from matrix_sim.export.finished import FinishedDataset, read_datasets
from matrix_sim.run_directory import open_run
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import PutEvent
from tests.support.datasets import with_datasets
from tests.support.finished_runs import PEOPLE, a_dataset, a_row, a_run
from tests.support.finished_runs import refused as turned_away
from tests.support.small_world import founded, small_config

Output = pytest.CaptureFixture[str]


@pytest.fixture
def having(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have every run hold these data sets."""

    def hold(*datasets: FinishedDataset) -> None:
        read = "matrix_sim.export.finished.read_datasets"
        monkeypatch.setattr(read, lambda _: a_run(*datasets))

    return hold


def refused(capsys: Output, *arguments: str) -> str:
    assert main(["export", *arguments]) == 2
    return capsys.readouterr().err


def test_all_data_sets_go_to_a_folder_each_in_the_run(
    tmp_path: Path, having: Any, capsys: Output
) -> None:
    having(a_dataset("sft"), a_dataset("dpo", name="pairs"))
    assert main(["export", str(tmp_path), "--test-share", "0"]) == 0
    said = capsys.readouterr().out
    assert said == (
        f"sft: {PEOPLE} train, 0 test: {tmp_path}/exports/sft/trl\n"
        f"pairs: {PEOPLE} train, 0 test: {tmp_path}/exports/pairs/trl\n"
    )
    assert (tmp_path / "exports/pairs/trl/train.jsonl").is_file()


def test_formats_and_data_sets_are_chosen_and_the_place_too(
    tmp_path: Path, having: Any, capsys: Output
) -> None:
    having(a_dataset("sft"), a_dataset("dpo"))
    arguments = [
        "--dataset",
        "dpo",
        "--format",
        "ms-swift",
        "--format",
        "parquet",
        "--test-share",
        "0.4",
    ]
    assert main(["export", "RUN", *arguments, "--out", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["dataset"], one["format"]) for one in told["exports"]] == [
        ("dpo", "ms-swift"),
        ("dpo", "parquet"),
    ]
    assert told["exports"][1]["files"] == ["train.parquet", "test.parquet", "README.md"]
    assert sorted(path.name for path in (tmp_path / "out/dpo").iterdir()) == ["ms-swift", "parquet"]


def test_a_data_set_without_rows_is_told_and_none_at_all_is_refused(
    tmp_path: Path, having: Any, capsys: Output
) -> None:
    having(a_dataset("sft"), a_dataset("dpo", candidates=()))
    assert main(["export", str(tmp_path)]) == 0
    assert "note: dpo has no accepted rows yet" in capsys.readouterr().out
    assert "yet in dpo; 'matrix-sim generate'" in refused(capsys, str(tmp_path), "--dataset", "dpo")
    config = a_dataset("dpo").config
    having(a_dataset("dpo", candidates=[turned_away(config, n, "length") for n in range(3)]))
    assert "yet in dpo (length 3); all was refused" in refused(capsys, str(tmp_path))


def test_what_cannot_be_is_refused_with_what_there_is(
    tmp_path: Path, having: Any, capsys: Output
) -> None:
    having(a_dataset("sft"), a_dataset("dpo"))
    assert "the run has sft, dpo" in refused(capsys, "RUN", "--dataset", "spt")
    assert "such as cc-by-4.0" in refused(capsys, "RUN", "--license", "my own\n: x")
    assert main(["export", "RUN", "--test-share", "1.5"]) == 2
    having()
    assert "no data sets; add 'datasets' to its config" in refused(capsys, "RUN")


def test_what_a_run_says_does_not_steer_the_terminal(
    tmp_path: Path, having: Any, capsys: Output
) -> None:
    config = a_dataset().config
    having(a_dataset(candidates=[a_row(config)]))
    assert main(["export", str(tmp_path / "\x1b[31m")]) == 0
    assert "\x1b" not in capsys.readouterr().out


# What a run is read from.


def written_run(folder: Path) -> Path:
    config = small_config().model_dump(mode="json", exclude_none=True)
    config["datasets"] = [{"kind": "sft", "count": 3}]
    whole = type(small_config()).model_validate(config)
    with RunStore.open(folder, owner="test", create=True) as store:
        founded(whole, store)
        store.apply([PutEvent("society", "identity", canonical_json({"seed": 3}))])
    (folder / "config.yaml").write_text(dump_config(whole), "utf-8")
    return folder


def test_a_run_is_read_without_the_keys_of_its_endpoints(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run")
    text = (folder / "config.yaml").read_text("utf-8")
    assert "stub:" in text
    remote = "  responder: {base_url: 'http://x/v1', model: m, api_key_env: NO_SUCH_KEY}\n"
    (folder / "config.yaml").write_text(text.replace("models:\n", f"models:\n{remote}"), "utf-8")
    run = read_datasets(folder)
    assert run.config.models.responder is not None
    assert len(run.society.members) == 9
    assert [dataset.config.label for dataset in run.datasets] == ["sft"]


def test_where_there_is_no_run_or_no_config_that_is_said(tmp_path: Path, capsys: Output) -> None:
    assert str(tmp_path) in refused(capsys, str(tmp_path))
    folder = written_run(tmp_path / "run")
    (folder / "config.yaml").write_text("models: [", "utf-8")
    assert "config.yaml: is not the config" in refused(capsys, str(folder))
    (folder / "config.yaml").unlink()
    assert "config.yaml: is not the config" in refused(capsys, str(folder))


def test_the_hash_of_a_config_is_the_same_wherever_it_is_run_and_whatever_else_is_made() -> None:
    one = a_dataset()
    here = a_run(one)
    there = a_run(
        one,
        runtime={"placement": "packed"},
        personas={"source": "nemotron", "path": "/elsewhere/people.csv"},
        datasets=[{"kind": "code", "count": 3}],
    )
    assert here.config_sha256(one) == there.config_sha256(one)
    assert here.config_sha256(one) != a_run(one, seed=8).config_sha256(one)
    assert here.config_sha256(one) != here.config_sha256(a_dataset("code"))


def test_the_hash_of_a_config_goes_by_what_benchmarks_hold(tmp_path: Path) -> None:
    def sha256(place: str, held: str) -> str:
        file = tmp_path / "benchmarks" / place / "test.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(held, "utf-8")
        quality = {"contamination": {"benchmarks": [str(file)]}}
        values = with_datasets({"kind": "sft", "count": 1}, quality=quality)
        run = tmp_path / f"{place}-{held}"
        loaded = load_values(values.model_dump(mode="json", exclude_none=True), (), {})
        open_run(loaded, run, owner="test")
        finished = read_datasets(run)
        return finished.config_sha256(finished.datasets[0])

    first = sha256("here", "日本の首都は？")
    assert first == sha256("elsewhere", "日本の首都は？")
    assert first != sha256("here", "日本の国鳥は？")
