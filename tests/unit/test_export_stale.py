"""Exports of an earlier state are named, so that nobody takes them for current ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matrix_sim.cli.main import main
from matrix_sim.export.dataset import export_dataset
from matrix_sim.export.finished import FinishedDataset
from matrix_sim.export.format_names import FormatName
from matrix_sim.export.stale import stale_exports
from tests.support.datasets import ended_run, with_datasets
from tests.support.finished_runs import a_dataset, a_row, a_run

SFT, REASON = {"kind": "sft", "count": 3}, {"kind": "reason", "count": 2}
Output = pytest.CaptureFixture[str]


def rows_in(out: Path, dataset: FinishedDataset, share: float = 0.1) -> str:
    made = export_dataset(a_run(dataset), dataset, FormatName.TRL, out, test_share=share)
    assert made is not None
    return made.rows


def test_only_what_holds_other_rows_is_stale(tmp_path: Path) -> None:
    whole = a_dataset()
    rows = rows_in(tmp_path, whole)
    assert stale_exports(tmp_path, ["sft"], {"sft": rows}) == ()
    assert rows_in(tmp_path, whole, share=0.5) == rows, "how they are split changes no row"
    fewer = rows_in(tmp_path / "fewer", a_dataset(count=5))
    other = [a_row(whole.config, n, answer="別の答えです。") for n in range(12)]
    changed = rows_in(tmp_path / "changed", a_dataset(candidates=other))
    for now in (fewer, changed, None):
        (stale,) = stale_exports(tmp_path, ["sft"], {"sft": now})
        assert (stale.name, stale.format, stale.gone) == ("sft", "trl", False)
    assert stale_exports(tmp_path, ["sft"], {}) == (), "nothing is known of it"


def test_what_is_no_export_is_nobodys_business(tmp_path: Path) -> None:
    rows_in(tmp_path, a_dataset())
    (tmp_path / "sft" / "trl").rename(tmp_path / "sft" / "by-hand")
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    assert stale_exports(tmp_path, [], {}) == ()


def test_a_run_says_which_exports_its_data_sets_have_left_behind(
    tmp_path: Path, capsys: Output
) -> None:
    started = ended_run(tmp_path, with_datasets(SFT, REASON))
    exports = tmp_path / "run" / "exports"
    assert main(["run", *started]) == 0
    assert main(["export", started[2], "--format", "axolotl", "--dataset", "sft"]) == 0
    assert "note:" not in capsys.readouterr().out.replace("  note:", "")

    # One has gone from the config, and the other has grown.
    started = ended_run(tmp_path, with_datasets(SFT | {"count": 5}))
    kept = (exports / "reason" / "trl" / "train.jsonl").read_bytes()
    for _ in range(2):
        capsys.readouterr()
        assert main(["run", *started]) == 0
        assert capsys.readouterr().out.splitlines()[-2:] == [
            f"note: {exports}/reason/trl is as it was left: the config has no data set 'reason' "
            "now",
            f"note: {exports}/sft/axolotl holds other rows than 'sft' has now; 'matrix-sim export "
            "RUN --format axolotl --dataset sft' writes it anew",
        ]
    assert (exports / "reason" / "trl" / "train.jsonl").read_bytes() == kept

    assert main(["export", started[2], "--format", "axolotl"]) == 0
    capsys.readouterr()
    assert main(["generate", *started, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["stale_exports"]
    assert [(one["dataset"], one["format"]) for one in told] == [("reason", "trl")]
