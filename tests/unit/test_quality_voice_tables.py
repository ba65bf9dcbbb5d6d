"""The tables of signs: how they are read, and that their short cuts change nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

import pytest
import yaml

from matrix_sim.quality.signs import Sign, Signs, SignTable, sign_table
from matrix_sim.quality.wording import HOLE, wording_of
from tests.support.voice_samples import samples

TABLES = ("addressed", "asking", "boilerplate", "role_purity", "self_contained")
TEXTS = [wording_of(text, "ja").own for sample in samples() for text in sample.said]


def groups(name: str) -> list[str]:
    file = files("matrix_sim.quality") / "data" / f"{name}.ja.yaml"
    return list(yaml.safe_load(file.read_text("utf-8"))["signs"])


@pytest.mark.parametrize("name", TABLES)
def test_no_cue_hides_what_its_pattern_finds(name: str) -> None:
    table = sign_table(name, "ja")
    for sign in (sign for group in groups(name) for sign in table.signs(group)):
        if sign.cue:
            plain, quick = Signs([replace(sign, cue=None)]), Signs([sign])
            hidden = [text for text in TEXTS if plain.find(text) != quick.find(text)]
            assert not hidden, (sign.says, hidden[0])


def test_a_name_stands_for_earlier_words_and_patterns() -> None:
    content = {
        "words": {"fruit": "fig figs"},
        "patterns": {"some": "two <fruit>"},
        "signs": {"all": [{"says": "It counts", "match": "^<some>$", "unless": "x"}]},
    }
    signs = SignTable(content, re.NOFLAG).signs("all")
    found = signs.find("two figs")
    assert found is not None
    assert found.reason == "It counts: 'two figs'."
    assert signs.find("two <fruit>") is None


def test_a_group_or_pattern_that_a_language_lacks_finds_nothing() -> None:
    table = SignTable({}, re.NOFLAG)
    assert table.signs("none").find("anything") is None
    assert table.pattern("none").search("anything") is None


def test_an_exception_takes_a_sign_back() -> None:
    sign = Sign("It greets", None, re.compile("hello"), re.compile("world"))
    assert Signs([sign]).find("hello") is not None
    assert Signs([sign]).find("hello, world") is None


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("「田中さん、」を丁寧に", f"{HOLE}を丁寧に"),
        ("直して\n```\n例の件\n```", f"直して\n{HOLE}"),
        (
            "以下のメールを直して。\n\n田中様\nお世話になっております。",
            f"以下のメールを直して。\n{HOLE}",
        ),
        ("田中様\n先日の件ですが、来週に延期します。\n\nこの文を丁寧に", f"{HOLE}\nこの文を丁寧に"),
        ("ＡＩに聞きたい", "AIに聞きたい"),
    ],
)
def test_what_is_quoted_or_pasted_is_a_hole_in_the_writers_own_words(text: str, own: str) -> None:
    assert wording_of(text, "ja").own == own


def test_only_the_beginning_of_an_endless_message_is_looked_at() -> None:
    assert len(wording_of("あ" * 1_000_000, "ja").own) == 6000
