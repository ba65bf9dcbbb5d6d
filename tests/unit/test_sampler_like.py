"""New people out of given ones: what stays together, what is mixed, what never comes through."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from matrix_sim.config import PersonasConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas import nemotron
from matrix_sim.personas.loading import load_personas
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.cells import Combination, ages_around, make_cell
from matrix_sim.personas.sampler.likeness import Recombination
from matrix_sim.personas.sampler.naming import draw_name
from matrix_sim.personas.sampler.sampling import recombine_personas, sample_personas
from matrix_sim.personas.sampler.table_files import tables_of
from matrix_sim.randomness import named_random

SEED = 3


@cache
def source(count: int = 400) -> tuple[Persona, ...]:
    return tuple(sample_personas(count, seed=11, language="ja"))


def like(count: int, people: tuple[Persona, ...]) -> list[Persona]:
    return list(recombine_personas(count, SEED, "ja", people))


@cache
def made_of_source() -> tuple[Persona, ...]:
    """Of these, the first are the same, however many are made."""
    return tuple(like(4_000, source()))


def attributes(person: Persona) -> tuple[object, ...]:
    return (
        person.age,
        person.sex,
        person.occupation,
        person.region,
        frozenset(person.interests),
    )


def test_the_joint_shares_of_sex_and_work_are_those_of_the_source() -> None:
    people = source()
    counts = Counter((p.sex, p.occupation) for p in people)
    made = Counter((p.sex, p.occupation) for p in made_of_source()[: 5 * len(people)])
    assert made == Counter({key: 5 * count for key, count in counts.items()})
    part = Counter((p.sex, p.occupation) for p in made_of_source()[:1_000])
    chi_square = sum((part[key] - 2.5 * n) ** 2 / (2.5 * n) for key, n in counts.items())
    assert chi_square < len(counts)


def test_everybody_is_within_two_years_of_somebody_of_that_sex_and_work() -> None:
    people = source()
    for person in made_of_source()[:2_000]:
        assert person.age is not None
        near = [
            abs(other.age - person.age)
            for other in people
            if (other.sex, other.occupation) == (person.sex, person.occupation)
            and other.age is not None
        ]
        assert min(near) <= 2


def test_all_are_different_and_none_is_a_person_of_the_source() -> None:
    people = source()
    made = made_of_source()
    assert len({attributes(person) for person in made}) == len(made)
    assert len({person.description for person in made}) == len(made)
    assert not {attributes(p) for p in made} & {attributes(p) for p in people}


def test_more_people_begin_with_the_same_people() -> None:
    people = source()
    assert like(500, people)[:120] == like(120, people)


def test_no_name_of_the_source_comes_through() -> None:
    told = tuple(
        person.model_copy(update={"interests": (*person.interests, f"{person.name}の会")})
        for person in source(150)
    )
    names = {person.name for person in told}
    for person in like(1_500, told):
        text = person.model_dump_json()
        assert not [name for name in names if name in text]


def test_no_sentence_of_the_source_comes_through() -> None:
    secret = "誰にも話していない秘密の畑が川の向こうにある。"
    told = tuple(
        p.model_copy(update={"description": secret, "details": (secret,), "posts": (secret,)})
        for p in source(100)
    )
    assert not [p.id for p in like(300, told) if secret[:12] in p.model_dump_json()]


def test_attributes_come_from_the_source() -> None:
    people = source()
    known = {
        field: {getattr(person, field) for person in people}
        for field in ("region", "marital_status", "education")
    }
    skills = {person.occupation.split()[0]: set() for person in people}
    for person in people:
        skills[person.occupation.split()[0]] |= set(person.skills)
    for person in made_of_source()[:800]:
        for field, values in known.items():
            assert getattr(person, field) in values
        assert set(person.skills) <= skills[person.occupation.split()[0]]


def test_work_that_needs_the_sea_stays_at_the_sea() -> None:
    people = source(3_000)
    fishing = {p.region for p in people if p.occupation == "定置網の漁師"}
    made = [p for p in like(3_000, people) if p.occupation == "定置網の漁師"]
    assert made
    assert {person.region for person in made} <= fishing


def test_too_small_a_source_says_how_many_people_it_gives() -> None:
    few = source(3)
    most = Recombination(few, SEED, "ja").most
    assert len({attributes(person) for person in like(most, few)}) == most > 3
    with pytest.raises(UsageError, match=f"3 people can be recombined into {most:,} different"):
        like(most + 1, few)


def test_a_source_that_gives_nobody_new_is_refused() -> None:
    lone = Persona(
        id="a", age=None, sex="女", description="一人", interests=("将棋",), region="東京都"
    )
    with pytest.raises(UsageError, match="give nobody new"):
        like(1, (lone,))


def test_names_of_other_years_are_used_when_the_right_ones_are_taken() -> None:
    tables = tables_of("ja")
    town, names = tables.towns[0], tables.names["all"]
    right = {f"{family} {given}" for family in names.family for given in names.given[3][1]["man"]}
    rng = named_random(1, "test")
    assert draw_name(tables, town, 40, "man", rng) in right
    assert draw_name(tables, town, 40, "man", rng, taken=right) not in right
    everything = {
        f"{family} {given}"
        for family in names.family
        for _, by_sex in names.given
        for given in by_sex["man"]
    }
    with pytest.raises(UsageError, match="all names that are known here"):
        draw_name(tables, town, 40, "man", rng, taken=everything)


def test_people_described_in_another_language_are_refused() -> None:
    with pytest.raises(UsageError, match=r"described in 'ja'.*ask for 'ja'"):
        list(recombine_personas(2, SEED, "en", source(20)))


def test_english_people_are_recombined_in_english() -> None:
    people = tuple(sample_personas(60, seed=2, language="en"))
    made = list(recombine_personas(200, SEED, "en", people))
    assert len({person.description for person in made}) == 200
    assert not [p.id for p in made if "{" in p.description or not p.name]


def test_rows_in_the_schema_of_nemotron_can_be_recombined(tmp_path: Path) -> None:
    people = source(40)
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, nemotron.SCHEMA.columns)
        rows.writeheader()
        for person in people:
            rows.writerow(
                {
                    "uuid": person.id,
                    "persona": f"{person.name}は{person.description}",
                    "skills_and_expertise_list": list(person.skills),
                    "hobbies_and_interests_list": list(person.interests),
                    "sex": person.sex,
                    "age": person.age,
                    "marital_status": person.marital_status,
                    "education_level": person.education,
                    "occupation": person.occupation,
                    "prefecture": person.region,
                }
            )
    config = PersonasConfig(source="sampler", like=path, count=120)
    made = load_personas(config, SEED, Path(), "ja").personas
    assert {p.occupation for p in made} == {p.occupation for p in people}
    text = "".join(person.model_dump_json() for person in made)
    assert not [person.name for person in people if person.name in text]


def test_a_cell_gives_every_combination_once_and_none_of_the_source() -> None:
    given = Combination(30, "長野県", ("山", "川"))
    cell = make_cell((30, 31), ("長野県", "岐阜県"), ("山", "川", "海", "畑"), [given])
    made = [cell.combination(use, SEED, "cell") for use in range(cell.size)]
    told = {(person.age, person.region, frozenset(person.interests)) for person in made}
    assert cell.size == 2 * 2 * 6 - 1 == len(told)
    assert (30, "長野県", frozenset(("山", "川"))) not in told


@pytest.mark.parametrize(
    ("age", "others", "ages"),
    [
        (40, [40], (38, 39, 40, 41, 42)),
        (40, [40, 42], (38, 39, 40, 41)),
        (42, [40, 42], (42, 43, 44)),
        (18, [18], (18, 19)),
        (64, [64], (62, 63, 64)),
    ],
)
def test_ages_move_little_and_never_across_a_threshold(
    age: int, others: list[int], ages: tuple[int, ...]
) -> None:
    assert ages_around(age, others) == ages
