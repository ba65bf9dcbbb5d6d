"""Like people find together in English too, and are told by the words that they share."""

from __future__ import annotations

import pytest

from matrix_sim.config import GroupSizeConfig, SocietyConfig
from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.arrangement import arrange
from matrix_sim.society.homophily.description import GroupTraits, describe_groups
from matrix_sim.society.homophily.embedding import embed
from matrix_sim.society.homophily.profile import profile_text, work
from matrix_sim.society.homophily.words import lexicon_of, wording_of, words_of


def person(number: int, *facts: str, job: str = "", prose: str = "Lives by the sea.") -> Persona:
    return Persona(
        id=str(number),
        age=30 + number,
        occupation=job,
        region="Leeds" if number % 2 else "Hobart",
        description=prose,
        skills=facts,
        interests=("walks", "reading", "cooking", "travel"),
    )


CARERS = [
    person(1, "night shifts", "dementia care", job="care assistant (nights)"),
    person(2, "Dementia care", "lifting", job="senior care assistant"),
    person(3, "dementia care", "night shift planning", job="nurse"),
]
WELDERS = [
    person(4, "MIG welding", "stock keeping", job="welder"),
    person(5, "MIG welding", "safety drills", job="retired welder"),
    person(6, "MIG welding", "tide tables", job="welder, part-time"),
]
SOCIETY = [*CARERS, *WELDERS]
GROUPS = ((0, 1, 2), (3, 4, 5))


def words(*people: Persona) -> tuple[str, ...]:
    """The words of the first of these people, in a society of them."""
    return words_of(people[0], lexicon_of(people))


def test_a_group_is_described_by_what_its_members_have_in_common() -> None:
    carers, welders = describe_groups(SOCIETY, GROUPS)

    assert carers == GroupTraits(
        ages=(31, 33),
        regions=("Leeds", "Hobart"),
        occupations=("care assistant", "nurse"),
        shared=("dementia care", "night shifts"),
    )
    assert welders.occupations == ("welder",)
    assert welders.shared == ("MIG welding",)


def test_what_everybody_has_is_not_shared_by_a_group() -> None:
    for traits in describe_groups(SOCIETY, GROUPS):
        assert not {"walks", "cooking"} & {*traits.shared}


def test_people_of_different_kinds_end_up_in_different_groups() -> None:
    mixed = [one for pair in zip(CARERS, WELDERS, strict=True) for one in pair]
    vectors = embed([profile_text(persona) for persona in mixed], seed=1)
    settings = SocietyConfig(ticks=1, group_size=GroupSizeConfig(min=2, max=4, mean=3))

    assert arrange(mixed, vectors, settings, seed=1).groups == ((0, 2, 4), (1, 3, 5))


def test_case_is_folded_where_somebody_writes_the_word_small() -> None:
    hiker = person(1, "Hiking", "Python")

    assert {"Hiking", "Python"} <= {*words(hiker)}
    assert {"hiking", "Python"} <= {*words(hiker, person(2, "hiking boots", "Python"))}
    assert "hiking" in words(hiker, person(2, prose="She goes hiking."))


@pytest.mark.parametrize(
    ("own", "other", "one_word"),
    [
        ("boats", "boat", "boats"),
        ("stories", "story", "stories"),
        ("boxes", "box", "boxes"),
        ("news", "new", "news"),
        ("chess", "ches", "chess"),
        ("bus", "bu", "bus"),
    ],
)
def test_plural_is_folded_where_both_are_written(own: str, other: str, one_word: str) -> None:
    first, second = person(1, own), person(2, other)

    assert one_word in words(first, second)
    shared = {*words(first, second)} & {*words(second, first)}
    assert (one_word in shared) == (own in ("boats", "stories", "boxes"))


def test_news_is_not_more_than_one_new() -> None:
    others = [person(number, "new boats", "new maps") for number in (2, 3)]

    assert "news" in words(person(1, "local news and weather maps"), *others)


def test_the_form_that_most_people_write_stands_for_the_others() -> None:
    people = (person(1, "boats"), person(2, "boat"), person(3, "my boat"))

    assert "boat" in words(*people)
    assert "boats" not in words(*people)


def test_two_words_are_a_phrase_where_they_recur() -> None:
    long = "reading tide tables in the bath every Sunday"

    assert "tide tables" not in words(person(1, long))
    assert "tide tables" in words(person(1, long), person(2, "old tide tables for sale by post"))
    assert "tables Sunday" not in words(person(1, long), person(2, long))


def test_a_short_fact_is_a_word_itself_and_small_words_are_none() -> None:
    found = words(person(1, "the repair café", "walking without steps", "managing teams"))

    assert {"repair café", "walking without steps", "café"} <= {*found}
    assert not {"the", "without", "managing"} & {*found}


def test_an_occupation_that_says_a_word_is_not_said_twice() -> None:
    english = wording_of(CARERS)

    assert english.tells("bus driver", "bus")
    assert english.tells("Gardener", "garden")
    assert not english.tells("party planner", "art")
    assert english.overlap("dementia care", "care home")
    assert english.overlap("cook", "cooking")
    assert not english.overlap("sewing", "ingots")


@pytest.mark.parametrize(
    ("occupation", "told"),
    [
        ("retired welder", "welder"),
        ("electrician on parental leave", "electrician"),
        ("teacher, part-time", "teacher"),
        ("Senior care assistant (nights)", "care assistant"),
        ("ex-miner", "miner"),
        ("retired", "retired"),
        ("exporter", "exporter"),
    ],
)
def test_an_occupation_is_told_without_its_terms(occupation: str, told: str) -> None:
    assert work(person(1, job=occupation)) == told


def test_a_profile_names_the_decade_in_the_language_of_the_person() -> None:
    japanese = Persona(id="1", age=47, description="釣りが好き。", skills=("Python",))

    assert profile_text(person(17)).endswith("travel Leeds 40s")
    assert profile_text(japanese).endswith("40代")


def test_japanese_people_keep_their_words_among_english_ones() -> None:
    reader = Persona(
        id="r", description="本を読む。", skills=("歴史小説読書",), interests=("歴史", "Python")
    )
    alone = words(reader)

    assert words(reader, *SOCIETY) == alone
    assert "歴史" in alone
    assert wording_of([reader, *CARERS]) is wording_of([reader])


def test_an_english_text_may_quote_japanese() -> None:
    quoting = person(1, "calligraphy", prose="Runs a 書道 class in the village hall on Mondays.")

    assert wording_of([quoting]) is wording_of(CARERS)


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_a_contraction_is_nothing_that_people_share(apostrophe: str) -> None:
    says = "I'm up at dawn and don't mind it: {}.".replace("'", apostrophe)
    people = [Persona(id=topic, description=says.format(topic)) for topic in ("kites", "bees")]
    others = [Persona(id=f"{n}", description=f"Number {n} bakes.") for n in range(6)]
    (traits, _) = describe_groups([*people, *others], [(0, 1), tuple(range(2, 8))])
    assert "dawn" in " ".join(traits.shared)
    assert not any(apostrophe in word for word in traits.shared)
