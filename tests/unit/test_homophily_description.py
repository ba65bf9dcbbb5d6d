"""What a group is said to share is what its members have and the others have not."""

from __future__ import annotations

import pytest

from matrix_sim.personas.model import Persona
from matrix_sim.personas.placeholders import placeholders
from matrix_sim.society.homophily.description import GroupTraits, describe_groups
from matrix_sim.society.homophily.profile import profile_text
from matrix_sim.society.homophily.words import lexicon_of, wording_of, words_of


def person(number: int, *facts: str, work: str = "", age: int | None = None) -> Persona:
    return Persona(
        id=str(number),
        age=age,
        occupation=work,
        region="大阪府" if number % 2 else "京都府",
        description="暮らしている。",
        skills=facts,
        interests=("散歩", "料理", "読書", "旅行"),
    )


CARERS = [
    person(1, "電子カルテ操作", "認知症ケア", work="介護福祉業 大手", age=34),
    person(2, "電子カルテ入力", "認知症ケア", work="介護福祉業 中堅", age=61),
    person(3, "電子カルテ管理", "ケアプラン作成", work="病院", age=47),
]
WELDERS = [
    person(4, "溶接技術", "在庫管理", work="鉄鋼業"),
    person(5, "溶接技術", "安全管理", work="鉄鋼業 (現在は引退)"),
    person(6, "溶接技術", "工程管理", work="鉄鋼業"),
]
SOCIETY = [*CARERS, *WELDERS]
GROUPS = ((0, 1, 2), (3, 4, 5))


def test_a_group_is_described_by_what_its_members_have_in_common() -> None:
    carers, welders = describe_groups(SOCIETY, GROUPS)
    assert carers == GroupTraits(
        ages=(34, 61),
        regions=("大阪府", "京都府"),
        occupations=("介護福祉業", "病院"),
        shared=("電子カルテ", "ケア", "認知症"),
    )
    assert welders.ages is None
    assert welders.occupations == ("鉄鋼業",)
    assert "溶接技術" in welders.shared


def test_what_everybody_has_is_not_shared_by_a_group() -> None:
    for traits in describe_groups(SOCIETY, GROUPS):
        assert "料理" not in traits.shared
        assert "散歩" not in traits.shared


def test_words_that_say_nothing_are_left_out() -> None:
    _, welders = describe_groups(SOCIETY, GROUPS)
    assert "管理" not in welders.shared


def test_the_occupation_is_not_said_twice() -> None:
    _, welders = describe_groups(SOCIETY, GROUPS)
    assert not any("鉄鋼" in word for word in welders.shared)


def test_at_most_five_words_that_do_not_repeat_each_other() -> None:
    facts = ("歴史小説読書", "溶接技術", "水彩画", "盆栽鑑賞", "太鼓演奏", "陶芸制作", "囲碁")
    crowd = [person(number, *facts) for number in range(3)]
    shared = describe_groups([*crowd, *CARERS], ((0, 1, 2), (3, 4, 5)))[0].shared
    assert len(shared) == 5
    overlap = wording_of(crowd).overlap
    assert not any(overlap(one, other) for one in shared for other in shared if one != other)


def test_a_group_of_one_is_described_by_what_is_its_own() -> None:
    traits = describe_groups(SOCIETY, ((0, 1, 2, 3, 4), (5,)))[1]
    assert "工程管理" in traits.shared


def test_a_part_of_a_compound_is_a_word_only_if_it_stands_alone_somewhere() -> None:
    reader = person(1, "歴史小説読書")
    historian = person(2, "歴史")
    assert "歴史" not in words_of(reader, lexicon_of([reader]))
    both = words_of(reader, lexicon_of([reader, historian]))
    assert "歴史" in both
    assert "史小" not in both


def test_a_noun_made_from_a_verb_keeps_its_ending() -> None:
    guide = person(1, "宿場町歩きの案内", "教材作り", "静かな寺巡りと写真")
    words = words_of(guide, lexicon_of([guide]))
    assert {"宿場町歩き", "教材作り", "案内"} <= set(words)
    assert not {"宿場町歩", "教材作"} & set(words)


def test_words_are_the_same_whichever_group_is_asked_for_first() -> None:
    assert describe_groups(SOCIETY, GROUPS) == describe_groups(SOCIETY, GROUPS[::-1])[::-1]


def test_a_fact_of_any_length_costs_no_more_than_its_length() -> None:
    endless = person(1, "漢" * 20_000, "カ漢" * 10_000)
    assert all(len(word) <= 12 for word in words_of(endless, lexicon_of([endless])))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_stands_for_a_name_or_a_number_is_nothing_that_people_share(language: str) -> None:
    says = {"ja": "パンを焼く人である。連絡は{}へ", "en": "I bake bread. Reach me at {}"}[language]
    people = [
        Persona(id=f"{kind}{n}", description=says.format(word), skills=(word,))
        for kind, word in placeholders(language).items()
        for n in range(2)
    ]
    pairs = [(n, n + 1) for n in range(0, len(people), 2)]
    assert {traits.shared for traits in describe_groups(people, pairs)} == {()}
    assert len({profile_text(person) for person in people}) == 1
