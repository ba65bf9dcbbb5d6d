"""A whole run of social profiles: of what was planted in them, nothing is anywhere afterwards."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.cli.main import main
from matrix_sim.config.file import LoadedConfig, load_config
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.personas.anonymise import Kind
from matrix_sim.run_directory import open_run
from matrix_sim.store.run_store import RunStore
from tests.support.leak_search import squeezed, stored, unpacked
from tests.support.small_world import play_world
from tests.support.virtual_time import run_virtually

PLANTED = {
    "name": ("神宮寺", "凛音", "ジングウジ", "じんぐうじ", "Jinguji", "Rinne"),
    "handle": ("rinne_jgj9", "friend_of_rinne", "kumano9"),
    "url": ("https://jgj.example.com/diary?day=7", "www.example.co.jp/jgj9"),
    "email": ("jgj.rin@example.ne.jp", "rin9@example.org"),
    "phone": ("090-0000-4321", "+81-3-0000-9876", "0000-8765"),
    "postal_code": ("606-0099",),
    "my_number": ("1234-5678-9018",),
    "card": ("4242-4242-4242-4242",),
}
POSTS = [
    "神宮寺　凛音です。ｒｉｎｎｅ＿ｊｇｊ９ は本垢、@friend_of_rinne は友だち",
    "分散SNSの @kumano9@social.example もよろしく",
    "日記は https://jgj.example.com/diary?day=7 と www.example.co.jp/jgj9 に",
    "jgj.rin@example.ne.jp か ｒｉｎ９＠ｅｘａｍｐｌｅ．ｏｒｇ へ",
    "電話は０９０－００００－４３２１、海外から+81-3-0000-9876、店は(075)0000-8765",
    "宛先は〒606-0099です。マイナンバー1234 5678 9018",
    "カード４２４２　４２４２　４２４２　４２４２",
    "ジングウジ リンネと読みます。ｼﾞﾝｸﾞｳｼﾞさん、Jinguji Rinne、RINNE JINGUJI とも書く",
]


def profiles(path: Path) -> Path:
    rows: list[dict[str, Any]] = [
        {
            "name": "神宮寺 凛音（ジングウジ リンネ）/ Rinne Jinguji",
            "handle": f"@rinne_jgj9{'' if number == 0 else number}",
            "description": f"{number}人目の神宮寺。喫茶店で働く。{POSTS[number % len(POSTS)]}",
            "posts": POSTS,
        }
        for number in range(9)
    ]
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def config_file(folder: Path, anonymise: str) -> LoadedConfig:
    config = {
        "seed": 3,
        "personas": {
            "source": "social",
            "path": str(profiles(folder / "profiles.jsonl")),
            "anonymise": anonymise,
        },
        "society": {
            "group_size": {"min": 2, "max": 4, "mean": 3},
            "neighbours": 1,
            "weak_ties": 0,
            "ticks": 6,
        },
        "models": {"default": {"stub": {}}},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return load_config(path, (), {})


@pytest.mark.parametrize("anonymise", ["rules", "llm"])
def test_nothing_planted_is_anywhere_after_a_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], anonymise: str
) -> None:
    loaded, run = config_file(tmp_path, anonymise), tmp_path / "run"
    opened = open_run(loaded, run, owner="test", say=print)
    print(opened, opened.selection.anonymised)
    with RunStore.open(run, owner="test", create=False) as store:
        run_virtually(play_world(loaded.config, store))
        export_scenarios(store.scenarios(), run / "scenarios.jsonl", None)
        left = stored(run)  # with the write-ahead log still there
        assert "run.sqlite-wal" in left
    assert main(["validate", str(loaded.path)]) == 0

    left["output"] = "".join(capfd.readouterr())
    assert opened.selection.anonymised is not None
    assert set(opened.selection.anonymised) == set(Kind)
    assert len(left["run.sqlite, unpacked"]) > 50_000
    assert "scenarios.jsonl" in left
    assert [(place, kind) for place, text in left.items() for kind in planted_in(text)] == []


def test_the_search_would_see_it() -> None:
    text = zlib.compress("宛先 ｒｉｎｎｅ＿ ｊｇｊ９ と ０９０ー0000 4321".encode())
    assert planted_in(unpacked(text)) == ["name", "handle", "phone"]
    assert planted_in("090-0000-4322 は別の番号") == []
    assert all(planted_in(value) for values in PLANTED.values() for value in values)


def planted_in(text: str) -> list[str]:
    """The kinds of which something planted is in the text, however it is written."""
    small = squeezed(text)
    return [
        kind
        for kind, values in PLANTED.items()
        if any(value in text or squeezed(value) in small for value in values)
    ]
