"""Benchmarks: how they are read, what is kept, and how much of an item is too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.config.file import load_values
from matrix_sim.config.quality import ContaminationCheckConfig
from matrix_sim.errors import UsageError
from matrix_sim.quality.benchmarks import Benchmarks
from matrix_sim.quality.contamination import ContaminationCheck
from tests.support.rows import pair, row

ITEM = "透明な箱に赤玉三個、白玉五個が入っている。二個取り出すとき、同じ色である確率を求めなさい。"
OTHER = "江戸幕府が諸大名に一年おきに江戸と領地を往復させた制度の名称と目的を説明しなさい。"


def _written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _check(*files: Path, share: float = 0.5) -> ContaminationCheck:
    return ContaminationCheck(ContaminationCheckConfig(benchmarks=files, share=share))


def _reason(check: ContaminationCheck, *said: str) -> str:
    verdict = check.look(row(*said))
    assert verdict is not None
    return verdict.reason


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bench.txt", f"{OTHER}\n\n{ITEM}\n"),
        ("bench.json", json.dumps({"items": [{"id": 7, "turns": [OTHER, ITEM]}]})),
        ("bench.jsonl", f"{json.dumps({'q': OTHER})}\n{json.dumps({'q': [ITEM, None, 3]})}\n"),
    ],
)
def test_items_are_read_from_text_and_json(tmp_path: Path, name: str, text: str) -> None:
    check = _check(_written(tmp_path, name, text))
    assert len(check.benchmarks) == 2
    assert f"100% of an item of a benchmark ({name}" in _reason(check, ITEM)
    assert _reason(check, "赤い玉と白い玉を三個ずつ買うといくらですか。") == ""


def test_width_white_space_and_punctuation_do_not_hide_an_item(tmp_path: Path) -> None:
    check = _check(_written(tmp_path, "bench.txt", ITEM))
    hidden = ITEM.replace("、", " ").replace("。", "\n")
    assert "100%" in _reason(check, f"宿題です「{hidden}」を解説して")
    assert "100%" in _reason(check, "問題を作って", hidden)


def test_the_share_is_counted_over_all_messages_and_compared_with_the_configs(
    tmp_path: Path,
) -> None:
    path = _written(tmp_path, "bench.txt", ITEM)
    half = len(ITEM) // 2
    assert "holds" in _reason(_check(path, share=0.5), ITEM[:half], "続きは？", ITEM[half - 8 :])
    assert _reason(_check(path, share=0.9), ITEM[:half], "続きは？") == ""
    assert "holds" in _reason(_check(path, share=0.2), ITEM[:half], "続きは？")


def test_the_item_with_the_largest_share_is_named(tmp_path: Path) -> None:
    check = _check(_written(tmp_path, "bench.txt", f"{OTHER}\n{ITEM}"))
    assert "100% of an item of a benchmark (bench.txt, line 2)" in _reason(check, OTHER[:30], ITEM)


def test_a_rejected_answer_may_not_hold_an_item_either(tmp_path: Path) -> None:
    verdict = _check(_written(tmp_path, "bench.txt", ITEM)).look(pair("問題は？", "ない。", ITEM))
    assert verdict is not None and not verdict.ok


def test_without_benchmarks_there_is_nothing_to_say() -> None:
    assert _check().look(row(ITEM)) is None


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    frame = "次の文章を読んで、以下の質問に答えてください。"
    items = [{"instruction": frame, "input": ITEM[n:], "output": "四"} for n in range(3)]
    path = _written(tmp_path, "bench.json", json.dumps(items))
    benchmarks = Benchmarks([path])
    short, frames = benchmarks.notes
    assert "3 texts of fewer than 13 letters" in short
    assert "1 texts that come 3 times or more" in frames
    assert benchmarks.most_like([frame])[0] == 0


def test_what_items_say_is_not_kept(tmp_path: Path) -> None:
    benchmarks = Benchmarks([_written(tmp_path, "bench.txt", ITEM)])
    assert "透明な箱" not in repr(vars(benchmarks))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bench.jsonl", b'{"q": 1}\n{"q": \n', "bench.jsonl, line 2: is no valid JSON"),
        ("bench.json", b'{\n"q": ]\n}', "bench.json, line 2: is no valid JSON"),
        ("bench.txt", b"good\nbad \xff\n", "bench.txt, line 2: the benchmark is not UTF-8"),
        ("bench.json", b"[" * 100_000, "bench.json, line 1: is no"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_line(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=told):
        _check(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.txt: the benchmark cannot be read"):
        _check(tmp_path / "none.txt")


def test_paths_start_from_the_folder_of_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values: dict[str, Any] = {
        "society": {"ticks": 1},
        "models": {"default": {"stub": {}}},
        "quality": {"contamination": {"benchmarks": ["b/mt.jsonl"]}},
    }
    config = load_values(values, (), {}).config
    assert config.quality.contamination.benchmarks == (tmp_path / "b" / "mt.jsonl",)
