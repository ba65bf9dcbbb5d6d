"""`matrix-sim check` over files, as a user and as a program reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.cli.main import main

GOOD = (
    "押し入れの湿気を取る方法を教えてください",
    "すのこを敷いて、晴れた日に扉を開けて風を通します。",
)
CUT = ("庭の雑草を減らしたいです", "防草シートを敷くと効果があります。ただし")
PHONE = ("名刺の文面を直して。電話は048-763-2915", "電話番号の前に「TEL」を付けるとよいです。")


def _file(folder: Path, *rows: tuple[str, str]) -> Path:
    path = folder / "rows.jsonl"
    lines = (
        {"messages": [{"role": "user", "content": u}, {"role": "assistant", "content": a}]}
        for u, a in rows
    )
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def _said(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    assert main(["check", *map(str, arguments), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _against(said: dict[str, Any]) -> dict[str, str]:
    return {one["check"]: one["reason"] for one in said["verdicts"] if not one["ok"]}


def test_there_is_one_line_a_row_with_the_verdicts_of_all_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _said(capsys, _file(tmp_path, GOOD, CUT, PHONE))
    assert [(one["row"], one["accepted"]) for one in said] == [(1, True), (2, False), (3, False)]
    assert {"length", "truncation", "duplicate"} <= {v["check"] for v in said[0]["verdicts"]}
    assert all(verdict["reason"] == "" for verdict in said[0]["verdicts"])
    assert [list(_against(one)) for one in said] == [[], ["truncation"], ["pii"]]
    assert list(said[0]) == ["row", "accepted", "verdicts"]


def test_a_duplicate_names_the_row_that_came_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _said(capsys, _file(tmp_path, PHONE, GOOD, GOOD))
    assert _against(said[2])["duplicate"] == "asks the same as row 2"
    assert "row 2 asks" in _against(said[2])["near_duplicate"]


def test_a_row_that_a_rule_refuses_is_not_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = (CUT[0], "防草シートを敷くと効果があります。")
    said = _said(capsys, _file(tmp_path, CUT, again))
    assert [one["accepted"] for one in said] == [False, True]


def test_people_get_a_table_the_refused_rows_and_a_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(_file(tmp_path, GOOD, CUT))]) == 0
    said = capsys.readouterr().out
    assert "truncation                       2        1" in said
    assert "row 2: truncation: assistant: ends within a sentence" in said
    assert said.endswith("2 rows: 1 accepted, 1 refused\n")


def test_no_more_than_fifty_refused_rows_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(_file(tmp_path, *[CUT] * 60))]) == 0
    said = capsys.readouterr().out
    assert "row 50: " in said and "row 51: " not in said
    assert "10 more rows are refused; --json tells of all" in said


def test_what_a_file_says_does_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path, ("色を\x1b[31m変えたい", "シートは\x1b[2J防草の"))
    assert main(["check", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_the_config_says_which_checks_and_benchmarks_come_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(
        "society: {ticks: 1}\nlanguage: en\nmodels: {default: {stub: {}}}\n"
        "quality: {pii: {enabled: false}}\n"
    )
    benchmark = tmp_path / "bench.txt"
    benchmark.write_text("Name the largest planet of the solar system.\nshort\n")
    row = ("Tell me: name the largest planet of the solar system.", "It is Jupiter.")
    path = _file(tmp_path, row, ("My number is 048-763-2915, is it too long?", "It is fine."))
    assert main(["check", str(path), "--config", str(config), "--benchmarks", str(benchmark),
                 "--json"]) == 0  # fmt: skip
    read = capsys.readouterr()
    first, second = map(json.loads, read.out.splitlines())
    assert list(_against(first)) == ["contamination"]
    assert second["accepted"] and "pii" not in {v["check"] for v in second["verdicts"]}
    assert "note: " in read.err and "1 texts of fewer than 13 letters" in read.err


@pytest.mark.parametrize("name", ["none.jsonl", "broken.jsonl"])
def test_a_file_that_cannot_be_read_is_the_users_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "broken.jsonl").write_text('{"text": "a"}\n')
    assert main(["check", str(tmp_path / name)]) == 2
    assert name in capsys.readouterr().err
