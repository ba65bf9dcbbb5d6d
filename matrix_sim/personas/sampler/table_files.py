"""Reads the tables of a language from the YAML files of the package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from matrix_sim.language import Language
from matrix_sim.personas.sampler.phrases import Vocabulary
from matrix_sim.personas.sampler.tables import (
    FLAGS,
    HOURS,
    KINDS,
    SLOTS,
    Interest,
    Names,
    Occupation,
    Tables,
    Town,
    Weighted,
)

_WORK = ("work_land", "work_care", "work_town", "work_other")
_LEVEL = re.compile(r"([^\d\s]+)(\d+)")


@cache
def tables_of(language: Language) -> Tables:
    """Read the tables of a language, once a process."""
    words = read_words(language)
    flags = (*FLAGS, *(f"edu{level}" for level in words["levels"]))
    vocabulary = Vocabulary(flags, SLOTS)
    regions = read_table(language, "places")
    towns = tuple(town for region in regions for town in _towns(region, vocabulary))
    rows = [row for name in _WORK for row in read_table(language, name)]
    return Tables(
        language=language,
        vocabulary=vocabulary,
        towns=towns,
        landlocked=frozenset(r["name"] for r in regions if "landlocked" in _words(r, "flags")),
        occupations=tuple(_occupation(row, towns, vocabulary) for row in rows),
        interests=tuple(_interest(row, vocabulary) for row in read_table(language, "interests")),
        names=names_of(language),
        pools={
            name: vocabulary.pool(texts) for name, texts in read_table(language, "life").items()
        },
        words=words,
    )


@cache
def names_of(language: Language) -> dict[str, Names]:
    """The names of a language by country, read once a process."""
    return {country: _names(row) for country, row in read_table(language, "names").items()}


@cache
def read_words(language: Language) -> dict[str, Any]:
    """Labels, numbers and the order of names of a language, read once a process."""
    words: dict[str, Any] = read_table(language, "words")
    return words


def read_table(language: Language, name: str) -> Any:
    """A table of a language as YAML gives it."""
    path = files("matrix_sim.personas.sampler") / "data" / language / f"{name}.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both are safe


def _words(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(row.get(key) or "").split())


def _towns(region: Mapping[str, Any], vocabulary: Vocabulary) -> list[Town]:
    days = vocabulary.pool(region["days"])
    own = _words(region, "flags")
    made = []
    for text in region["towns"]:
        name, size, *more = _split_town(text)
        flags = tuple(dict.fromkeys(("town" if size == "mid" else size, *more, *own)))
        for flag in flags:
            if flag != "landlocked":
                vocabulary.flag_bit(flag)
        share = {"big": 3.0, "mid": 2.0, "small": 1.0}[size] / len(region["towns"])
        label = region.get("label", "{region}{town}").format(region=region["name"], town=name)
        made.append(
            Town(
                name=name,
                region=region["name"],
                country=region.get("country", "all"),
                label=label,
                flags=flags,
                weight=share * float(region.get("weight", 1)),
                foods=tuple(region["foods"]),
                days=days,
            )
        )
    return made


def _split_town(text: str) -> list[str]:
    """`Milton Keynes mid coast` is a name of several words, then flags."""
    words = text.split()
    first = next(place for place, word in enumerate(words) if word in ("big", "mid", "small"))
    return [" ".join(words[:first]), *words[first:]]


def _occupation(
    row: Mapping[str, Any], towns: Sequence[Town], vocabulary: Vocabulary
) -> Occupation:
    situation = row.get("situation", "working")
    hours = row.get("hours", "day")
    if hours not in HOURS:
        raise ValueError(f"{row['name']}: there are no hours {hours!r}")
    levels = Weighted.of(
        [(row["level"], 1.0)]
        if "level" in row
        else [(level, float(weight)) for level, weight in _LEVEL.findall(row["edu"])]
    )
    if any(kind not in KINDS for kind in _words(row, "near")):
        raise ValueError(f"{row['name']}: one of the kinds {row['near']!r} does not exist")
    return Occupation(
        name=row["name"],
        man=row.get("man", row["name"]),
        situation=situation,
        ages=_ages(row["ages"]),
        levels=levels,
        label=vocabulary.line(row.get("label", "")).parts,
        fields=tuple(row.get("field", ())),
        towns=_towns_for(row, towns),
        household=_words(row, "household"),
        hours=hours,
        form=row.get("form", "employee"),
        pay=int(row["pay"]),
        women=float(row["women"]),
        weight=float(row.get("weight", 1)),
        near=_words(row, "near"),
        intro=vocabulary.pool(row["intro"]),
        do=vocabulary.pool(row["do"]),
        snag=vocabulary.pool(row["snag"]),
        goal=vocabulary.pool(row["goal"]),
        past=vocabulary.pool(row["past"]),
        posts=vocabulary.pool(row.get("post")),
        skills=tuple(row["skills"]),
    )


def _towns_for(row: Mapping[str, Any], towns: Sequence[Town]) -> Weighted[Town]:
    places, anywhere = tuple(row.get("places", ())), not row.get("places")
    unknown = [p for p in places if not any(_lies_in(town, p) for town in towns)]
    if unknown:
        raise ValueError(f"{row['name']}: there is no place {unknown}")
    where, needs, never = _words(row, "where"), _words(row, "needs"), _words(row, "not")
    fitting = [
        (town, town.weight)
        for town in towns
        if (anywhere or any(_lies_in(town, place) for place in places))
        and (not where or any(flag in town.flags for flag in where))
        and all(flag in town.flags for flag in needs)
        and not any(flag in town.flags for flag in never)
    ]
    if not fitting:
        raise ValueError(f"{row['name']}: no town is left by its places and flags")
    return Weighted.of(fitting)


def _lies_in(town: Town, place: str) -> bool:
    """Whether a town is, or lies in, a region or city; a city stands for all of its wards."""
    return town.region == place or town.name.startswith(place)


def _interest(row: Mapping[str, Any], vocabulary: Vocabulary) -> Interest:
    ages, *words = _words(row, "for")
    needs = [word for word in words if not word.startswith("cost") and word != "notbig"]
    for flag in needs:
        vocabulary.flag_bit(flag)
    if row["kind"] not in KINDS:
        raise ValueError(f"{row['name']}: there is no kind {row['kind']!r}")
    return Interest(
        name=row["name"],
        kind=row["kind"],
        ages=_ages(ages),
        cost=int(next(word[4:] for word in words if word.startswith("cost"))),
        needs=frozenset(needs),
        rural="notbig" in words,
        skill=row["skill"],
        do=vocabulary.pool(row["do"]),
        snag=vocabulary.pool(row["snag"]),
        posts=vocabulary.pool(row.get("post")),
    )


def _names(row: Mapping[str, Any]) -> Names:
    return Names(
        family=_words(row, "family"),
        regional={
            region: tuple(names.split()) for region, names in row.get("regional", {}).items()
        },
        given=tuple(
            (block["from"], {"woman": _words(block, "woman"), "man": _words(block, "man")})
            for block in row["given"]
        ),
    )


def _ages(text: str) -> range:
    low, _, high = text.partition("-")
    return range(int(low), int(high) + 1)
