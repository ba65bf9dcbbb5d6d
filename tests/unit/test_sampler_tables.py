"""The tables that people are made of, and the sentences in them."""

from __future__ import annotations

import pytest

from matrix_sim.config import Language
from matrix_sim.personas.sampler.phrases import PhraseError, Vocabulary, fill, fitting
from matrix_sim.personas.sampler.table_files import tables_of
from matrix_sim.personas.sampler.wording import Wording
from matrix_sim.randomness import named_random

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VOCABULARY = Vocabulary(flags=("working", "new"), slots=("town",))


def filled(text: str, seed: int = 0) -> str:
    return fill(VOCABULARY.line(text).parts, {"town": "Leeds"}, DIGITS, named_random(seed, "test"))


def test_a_choice_is_one_of_its_options_and_a_slot_its_fact() -> None:
    seen = {filled("in {town} (by day|at (dawn|dusk))", seed) for seed in range(40)}
    assert seen == {"in Leeds by day", "in Leeds at dawn", "in Leeds at dusk"}


def test_a_number_is_drawn_anew_wherever_it_stands() -> None:
    seen = {filled("{n2} or {d2}0", seed) for seed in range(60)}
    assert seen == {f"{word} or {digit}0" for word in ("two", "three", "four") for digit in "234"}


@pytest.mark.parametrize(
    "text", ["(a|b", "a|b", "a)", "{town", "{village}", "/rich/ a", "/!odd/ a"]
)
def test_a_line_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(PhraseError):
        VOCABULARY.line(text)


@pytest.mark.parametrize(
    ("flags", "slots", "age", "fits"),
    [
        (("working",), ("town",), 30, True),
        ((), ("town",), 30, False),
        (("working", "new"), ("town",), 30, False),
        (("working",), (), 30, False),
        (("working",), ("town",), 40, False),
        (("working",), ("town",), 20, False),
    ],
)
def test_a_line_fits_those_whom_its_conditions_describe(
    flags: tuple[str, ...], slots: tuple[str, ...], age: int, fits: bool
) -> None:
    pool = VOCABULARY.pool(["/working,!new,>20,<40/ {town}"])
    assert bool(fitting(pool, VOCABULARY.mask(flags, slots), age)) is fits


@pytest.mark.parametrize(
    ("language", "work", "interests", "towns"), [("ja", 120, 150, 200), ("en", 80, 100, 80)]
)
def test_the_tables_are_large_enough(
    language: Language, work: int, interests: int, towns: int
) -> None:
    tables = tables_of(language)
    assert len(tables.occupations) >= work
    assert len({interest.name for interest in tables.interests}) >= interests
    assert len({town.label for town in tables.towns}) >= towns


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_towns_of_a_landlocked_region_have_no_coast(language: Language) -> None:
    tables = tables_of(language)
    inland = [town for town in tables.towns if town.region in tables.landlocked]
    assert len(inland) > 20
    assert not [town.label for town in inland if {"coast", "port"} & set(town.flags)]


def test_japan_has_its_forty_seven_prefectures() -> None:
    assert len({town.region for town in tables_of("ja").towns}) == 47


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "〇"), (7, "七"), (10, "十"), (18, "十八"), (20, "二十"), (88, "八十八")],
)
def test_japanese_numbers_are_written_as_read(value: int, text: str) -> None:
    assert Wording(tables_of("ja")).number(value) == text


def test_english_numbers_are_words_up_to_twelve() -> None:
    wording = Wording(tables_of("en"))
    assert [wording.number(value) for value in (2, 12, 13)] == ["two", "twelve", "13"]
