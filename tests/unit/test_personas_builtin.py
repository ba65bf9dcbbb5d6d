"""The hand-written set in the package."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from matrix_sim.config import PersonasConfig
from matrix_sim.personas.loading import load_personas
from matrix_sim.personas.model import Persona


def builtin(count: int | None = None) -> tuple[Persona, ...]:
    return load_personas(PersonasConfig(count=count), seed=7, base_dir=Path("nowhere")).personas


def test_the_set_has_eighteen_different_people() -> None:
    people = builtin()
    assert len(people) == 18
    for field in ("id", "name", "region", "description"):
        assert max(Counter(getattr(person, field) for person in people).values()) == 1
    ages = [person.age for person in people if person.age is not None]
    assert len(ages) == 18
    assert min(ages) < 25
    assert max(ages) >= 65


def test_the_people_of_the_article_are_among_them() -> None:
    ages = {person.name: person.age for person in builtin()}
    assert ages["佐藤 健太"] == 22
    assert ages["田中 みさき"] == 35
    assert ages["鈴木 一郎"] == 65
    assert {"山田 健二", "中村 ユキ"} <= ages.keys()


def test_everyone_has_enough_to_live_by() -> None:
    for person in builtin():
        assert 3 <= person.description.count("。") <= 5, person.id
        assert 3 <= len(person.details) <= 5, person.id
        assert len(person.interests) >= 4, person.id
        assert len(person.skills) >= 4, person.id
        assert 2 <= len(person.posts) <= 3, person.id
        assert person.sex and person.marital_status and person.education and person.occupation


def test_a_few_of_them_are_chosen_by_seed_in_the_order_of_the_set() -> None:
    everybody = [person.id for person in builtin()]
    few = [person.id for person in builtin(count=5)]
    assert len(few) == 5
    assert few == [identity for identity in everybody if identity in few]


def test_the_set_says_whose_it_is() -> None:
    selection = load_personas(PersonasConfig(), seed=0, base_dir=Path())
    assert "Apache-2.0" in selection.attribution
    assert selection.rows_seen == 18
    assert selection.replaced_characters == 0
