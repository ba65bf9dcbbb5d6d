"""The hand-written set in the package."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from matrix_sim.config import PersonasConfig
from matrix_sim.personas.loading import load_personas
from matrix_sim.personas.model import Persona

in_both = pytest.mark.parametrize("language", ["ja", "en"])


def builtin(language: str, count: int | None = None) -> tuple[Persona, ...]:
    config = PersonasConfig(count=count)
    return load_personas(config, 7, Path("nowhere"), language).personas


@in_both
def test_the_set_has_eighteen_different_people(language: str) -> None:
    people = builtin(language)
    assert len(people) == 18
    for field in ("id", "name", "region", "description"):
        assert max(Counter(getattr(person, field) for person in people).values()) == 1
    ages = [person.age for person in people if person.age is not None]
    assert len(ages) == 18
    assert min(ages) < 25
    assert max(ages) >= 65


def test_the_people_of_the_article_are_among_them() -> None:
    ages = {person.name: person.age for person in builtin("ja")}
    assert ages["佐藤 健太"] == 22
    assert ages["田中 みさき"] == 35
    assert ages["鈴木 一郎"] == 65
    assert {"山田 健二", "中村 ユキ"} <= ages.keys()


@in_both
def test_everyone_has_enough_to_live_by(language: str) -> None:
    for person in builtin(language):
        assert 3 <= len(re.findall(r"。|\.(?: |$)", person.description)) <= 5, person.id
        assert 3 <= len(person.details) <= 5, person.id
        assert len(person.interests) >= 4, person.id
        assert len(person.skills) >= 4, person.id
        assert 2 <= len(person.posts) <= 3, person.id
        assert person.sex and person.marital_status and person.education and person.occupation


def test_the_english_set_reaches_from_nineteen_to_seventy_eight_and_holds_no_japanese() -> None:
    people = builtin("en")
    ages = [person.age for person in people if person.age is not None]
    assert (min(ages), max(ages)) == (19, 78)
    written = "".join(person.model_dump_json() for person in people)
    assert not re.search("[\u3041-\u30ff\u4e00-\u9fff]", written)


def test_people_of_the_english_set_share_something_with_somebody() -> None:
    people = builtin("en")
    for person in people:
        own = {*person.interests, *person.skills}
        like = sum(bool(own & {*other.interests, *other.skills}) for other in people)
        assert like >= 2, person.id  # one of them is the person


@in_both
def test_a_few_of_them_are_chosen_by_seed_in_the_order_of_the_set(language: str) -> None:
    everybody = [person.id for person in builtin(language)]
    few = [person.id for person in builtin(language, count=5)]
    assert len(few) == 5
    assert few == [identity for identity in everybody if identity in few]


@in_both
def test_the_set_says_whose_it_is(language: str) -> None:
    selection = load_personas(PersonasConfig(), 0, Path(), language)
    assert "Apache-2.0" in selection.attribution
    assert selection.rows_seen == 18
    assert selection.replaced_characters == 0
