"""How people and groups are described in prompts, in both languages."""

from __future__ import annotations

import pytest

from matrix_sim.personas.model import Persona
from tests.support.prompt_samples import (
    LIBRARIES,
    LIBRARY,
    MAYA,
    MISAKI,
)


@pytest.mark.parametrize(
    ("persona", "label"),
    [
        (MISAKI, "田中みさき（35歳・主婦）"),
        (Persona(id="x", description="人", name="田中みさき", region="東京都"), "田中みさき"),
        (Persona(id="x", description="人", name=" ", age=35), "ある人（35歳）"),
        (Persona(id="x", description="人", age=0, region="京都府"), "ある人（0歳・京都府）"),
        (Persona(id="x", description="人"), "ある人"),
        (Persona(id="x", description="人", name="田中\nみさき"), "田中 みさき"),
    ],
)
def test_a_speaker_is_one_line_whatever_is_known(persona: Persona, label: str) -> None:
    assert LIBRARY.speaker(persona) == label


@pytest.mark.parametrize(
    ("persona", "label"),
    [
        (MAYA, "Maya Okafor (41, librarian)"),
        (Persona(id="x", description="A.", name="Maya", region="Leeds"), "Maya"),
        (Persona(id="x", description="A.", name=" ", age=35), "someone (35)"),
        (Persona(id="x", description="A.", age=0, region="Leeds"), "someone (0, Leeds)"),
        (Persona(id="x", description="A."), "someone"),
        (Persona(id="x", description="A.", name="Maya\nOkafor"), "Maya Okafor"),
    ],
)
def test_a_speaker_in_english_is_one_line_whatever_is_known(persona: Persona, label: str) -> None:
    assert LIBRARIES["en"].speaker(persona) == label


def test_a_profile_says_what_there_is_and_leaves_out_what_is_not() -> None:
    full = LIBRARY.text_of("profile", persona=MISAKI).splitlines()

    assert full[:5] == [
        "名前：田中みさき",
        "年齢：35歳",
        "性別：女",
        "仕事：主婦",
        "住まい：神奈川県川崎市",
    ]
    assert "好きなこと：料理、家庭菜園" in full
    assert full[-2:] == ["これまでの書き込み：", "・キャベツが半玉余った。今夜どうしよう。"]
    assert (
        LIBRARY.text_of("profile", persona=Persona(id="x", description="旅人。")) == "人物：旅人。"
    )


def test_a_profile_in_english_says_what_there_is() -> None:
    assert LIBRARIES["en"].text_of("profile", persona=MAYA).splitlines() == [
        "Name: Maya Okafor",
        "Age: 41",
        "Work: librarian",
        "Home: Leeds, England",
        "About: Lends out tools as well as books.",
        "Likes: tool libraries, crime novels",
        "Earlier posts:",
        "- The drill came back clean.",
    ]


@pytest.mark.parametrize(
    ("ages", "regions", "occupations", "shared", "line"),
    [
        (
            (30, 45),
            ("Leeds, England", "Hobart"),
            ("nurse", "baker"),
            ("bread", "tides"),
            "People with bread, tides in common: nurse, baker; aged 30 to 45; "
            "from Leeds, England; Hobart",
        ),
        ((30, 30), (), (), (), "People: aged 30"),
        (None, (), (), ("bread",), "People with bread in common"),
        (None, (), (), (), "People of all kinds"),
    ],
)
def test_a_group_in_english_is_described_in_one_line(
    ages: tuple[int, int] | None,
    regions: tuple[str, ...],
    occupations: tuple[str, ...],
    shared: tuple[str, ...],
    line: str,
) -> None:
    traits = {"ages": ages, "regions": regions, "occupations": occupations, "shared": shared}

    assert LIBRARIES["en"].text_of("group_description", **traits) == line


@pytest.mark.parametrize(
    ("ages", "occupations", "shared", "line"),
    [
        (
            (30, 45),
            ("主婦", "会社員"),
            ("料理",),
            "30〜45歳、主婦・会社員の人たち。共通するもの：料理",
        ),
        ((30, 30), (), (), "30歳の人たち"),
        (None, (), (), "さまざまな人たち"),
    ],
)
def test_a_group_is_described_in_one_line(
    ages: tuple[int, int] | None, occupations: tuple[str, ...], shared: tuple[str, ...], line: str
) -> None:
    text = LIBRARY.text_of(
        "group_description", ages=ages, regions=(), occupations=occupations, shared=shared
    )

    assert text == line
