"""The rules on single texts: exact places, nothing else changed, nothing told."""

from __future__ import annotations

import time
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.errors import UsageError
from matrix_sim.personas.anonymise import Anonymised, Kind, KnownNames, Rules, anonymised
from matrix_sim.personas.anonymise.finds import Find, resolved
from matrix_sim.personas.anonymise.folded import folded
from matrix_sim.personas.anonymise.name_parts import name_parts
from matrix_sim.personas.anonymise.numbers import is_card, is_my_number
from matrix_sim.personas.model import LISTS, Persona

YAMADA = KnownNames("山田太郎 / Taro Yamada", ("@yama_taro",))


def clean(text: str, known: KnownNames = YAMADA, language: str = "ja") -> Anonymised:
    return anonymised(Persona(id="x", description=text), known, language)


def said(text: str, known: KnownNames = YAMADA, language: str = "ja") -> str:
    return clean(text, known, language).persona.description


@given(st.text())
def test_every_folded_character_comes_from_somewhere_in_order(text: str) -> None:
    view = folded(text)
    spans = [view.span(i, i + 1) for i in range(len(view.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@given(st.text(alphabet="aé山ｱﾞ ０9-ー①㍿\u200b\u0301がＡ", max_size=30))
def test_folding_finds_what_compatibility_decomposition_finds(text: str) -> None:
    digits = "".join(c for c in folded(text).text if c.isdigit())
    assert digits == "".join(c for c in normalize("NFKC", text) if c.isdigit())


@given(st.text(), st.text())
def test_only_the_find_is_rewritten(before: str, after: str) -> None:
    text = f"{before}\n〒１５０－００００\n{after}"
    place = len(before) + 1
    finds = [f for f in Rules(KnownNames()).finds(text) if f.kind is Kind.POSTAL_CODE]
    assert Find(place, place + 9, Kind.POSTAL_CODE) in finds


def test_the_rest_of_a_text_stays_as_it_was_written() -> None:
    assert said("ＡＢＣ㌔ｶﾞ①は090‐0000‐1234、é。") == "ＡＢＣ㌔ｶﾞ①は［電話番号］、é。"


def test_placeholders_are_in_the_language_of_the_run() -> None:
    assert said("Call (555) 555-0123", language="en") == "Call [phone number]"
    with pytest.raises(UsageError, match="'fr'"):
        said("x", language="fr")


@given(
    st.lists(
        st.builds(
            lambda start, length, kind: Find(start, start + length, kind),
            st.integers(0, 30),
            st.integers(1, 9),
            st.sampled_from(list(Kind)),
        )
    )
)
def test_overlaps_leave_no_claimed_character_and_do_not_depend_on_the_order(
    finds: list[Find],
) -> None:
    held = resolved(finds)
    covered = [place for find in held for place in range(find.start, find.end)]
    claimed = {place for find in finds for place in range(find.start, find.end)}
    assert len(covered) == len(set(covered))
    assert set(covered) == claimed
    assert held == resolved(reversed(finds))


def test_no_attribute_of_a_persona_is_passed_over() -> None:
    held = {name: "x@y.example" for name in Persona.model_fields if name != "age"}
    held |= {name: [text] for name, text in held.items() if name in LISTS}
    clean_persona = anonymised(Persona.model_validate(held), YAMADA, "ja").persona
    assert "x@y.example" not in clean_persona.model_dump_json()


def test_counts_say_how_many_of_what() -> None:
    text = "山田太郎です。@a_friend と 03-0000-1234、@b_friend も"
    assert clean(text).counts == {Kind.HANDLE: 2, Kind.PHONE: 1, Kind.NAME: 1}


@pytest.mark.parametrize(
    "spelling",
    [
        "山田太郎",
        "山田 太郎",
        "山田　太郎",
        "山田・太郎",
        "太郎山田",
        "山\u200b田太郎",
        "Taro Yamada",
        "TARO YAMADA",
        "Yamada, Taro",
        "taro_yamada",
        "TaroYamada",
        "Ｔａｒｏ　Ｙａｍａｄａ",
        "T. Yamada",
        "yama_taro",
        "ＹＡＭＡ＿ＴＡＲＯ",
    ],
)
def test_a_name_goes_in_every_spelling_that_the_profile_implies(spelling: str) -> None:
    assert said(f"署名は{spelling}、以上。") in (
        "署名は［氏名］、以上。",
        "署名は［アカウント名］、以上。",
    )


def test_a_family_name_that_is_a_word_needs_company() -> None:
    mori = KnownNames("森 健一")
    assert (
        said("森さんと森の中へ、森林も森も好き", mori) == "［氏名］さんと森の中へ、森林も森も好き"
    )


@pytest.mark.parametrize("name", ["", "🌸", "@", "///", "（）", "Dr.", "猫", "a"])
def test_an_odd_name_field_breaks_nothing(name: str) -> None:
    assert said("猫と a Dr. の話", KnownNames(name)) == "猫と a Dr. の話"


def test_a_profession_beside_the_name_is_no_name() -> None:
    assert said("エンジニアの仕事", KnownNames("山田太郎｜エンジニア")) == "エンジニアの仕事"
    assert said("a software engineer", KnownNames("Anna | Software Engineer")) == (
        "a software engineer"
    )


def test_check_digits_are_those_of_the_standards() -> None:
    # The sum of 12345678901 is 3 modulo 11; a remainder of 0 or 1 gives 0.
    assert is_my_number("123456789018")
    assert not any(is_my_number(f"12345678901{digit}") for digit in "012345679")
    assert is_my_number("100020003000")
    assert is_card("4242424242424242")
    assert not is_card("4242424242424241")
    assert not is_card("4901234567894"), "a Japanese article number"


def test_nothing_shows_what_is_known_or_found() -> None:
    rules = Rules(YAMADA)
    shown = repr((YAMADA, rules, rules.finds("山田太郎"), name_parts(YAMADA.name), folded("山田")))
    assert "山田" not in shown
    assert "amada" not in shown
    assert "yama" not in shown


@pytest.mark.parametrize(
    "text",
    ["a" * 50_000, "@" * 50_000, "1" * 50_000, "1-" * 25_000, "a." * 25_000, "0 " * 25_000,
     "(" * 50_000, "山田" * 25_000, "taro " * 10_000, "http://" * 7_000, "a dot " * 8_000],
)  # fmt: skip
def test_a_long_text_of_one_thing_takes_no_time(text: str) -> None:
    began = time.process_time()
    Rules(YAMADA).finds(text)
    assert time.process_time() - began < 3
