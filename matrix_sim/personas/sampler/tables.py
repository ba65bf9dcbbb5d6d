"""The tables of a language: places, occupations, interests, names and sentences, from YAML.

The tables are package data and written by hand. Their weights are set for variety: they are no
census, and nothing here claims how frequent anything is.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any, Generic, TypeVar

import yaml

from matrix_sim.config.run import Language
from matrix_sim.personas.sampler.phrases import Parts, Pool, Vocabulary

Item = TypeVar("Item")

TOWN_FLAGS = ("big", "town", "small", "coast", "port", "mountain", "snow", "cold", "hot")
KINDS = (
    *("animal", "body", "collect", "community", "craft", "digital", "food", "game", "garden"),
    *("language", "motor", "music", "nature", "read", "sport", "stage", "study", "travel"),
)
"""Of interests; the flag `i1food` is for those whose first interest is of the kind `food`."""
FLAGS = (
    *("woman", "man", "working", "student", "home", "retired", "seeking", "teen", "new", "veteran"),
    *("single", "married", "divorced", "widowed", "alone", "parents", "couple", "lone", "grown"),
    *("grand", "carer", "baby", "pre", "elem", "mid", "high", "kids", "adult_kids", "house"),
    *("rental", "family_home", "car", "pension", "poor", "rich", "self", "employee"),
    *("day", "shift", "night", "dawn", "long", "free", "season", "part"),
    *("pay0", "pay1", "pay2", "pay3", "pay4", "pay5"),
    *TOWN_FLAGS,
    *(f"i1{kind}" for kind in KINDS),
)
SLOTS = (
    *("age", "years", "since", "stay", "spouse", "sp_work", "kids", "baby", "parent", "field"),
    *("origin", "town", "food", "work", "i1", "i2", "i3", "i4", "s1", "s2"),
    *("likes", "edu"),
)
_HOURS = ("day", "shift", "night", "dawn", "long", "free", "season", "part")
_LEVEL = re.compile(r"([^\d\s]+)(\d+)")


@dataclass(frozen=True, slots=True)
class Weighted(Generic[Item]):
    """Items and how likely each is to be drawn."""

    items: tuple[Item, ...]
    sums: tuple[float, ...]
    """Running sums of the weights."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[Item, float]]) -> Weighted[Item]:
        """Leave out what has no weight."""
        kept = [(item, weight) for item, weight in pairs if weight > 0]
        return cls(tuple(item for item, _ in kept), tuple(accumulate(w for _, w in kept)))

    def at(self, share: float) -> Item:
        """The item at a share in [0, 1) of the whole weight."""
        return self.items[min(bisect(self.sums, share * self.sums[-1]), len(self.items) - 1)]


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """A municipality, with what its region gives to it."""

    name: str
    region: str
    country: str
    """Whose names people bear; the same for all where a language has one country."""
    label: str
    """As `Persona.region` shows it."""
    flags: tuple[str, ...]
    weight: float
    foods: tuple[str, ...]
    days: Pool


@dataclass(frozen=True, slots=True, eq=False)
class Occupation:
    """A kind of work, of study, or of being at home."""

    name: str
    """As a woman's; also what it is called in texts."""
    man: str
    """As a man's, where that differs."""
    situation: str
    """`working`, `student` or `home`."""
    ages: range
    levels: Weighted[str]
    """What they have finished; one level for students."""
    label: Parts
    """Of a student, what `Persona.education` says."""
    fields: tuple[str, ...]
    towns: Weighted[Town]
    household: tuple[str, ...]
    """Of people at home: the kind of household that makes them stay there."""
    hours: str
    form: str
    pay: int
    women: float
    """Share of women in the draw, 0 to 1; set by hand."""
    weight: float
    near: tuple[str, ...]
    """Kinds of interests that go well with it."""
    intro: Pool
    do: Pool
    snag: Pool
    goal: Pool
    past: Pool
    posts: Pool
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Interest:
    """Something that people do for its own sake."""

    name: str
    kind: str
    ages: range
    cost: int
    needs: tuple[str, ...]
    """Flags that the person must have, all of them; `notbig` is: not in a big city."""
    skill: str
    do: Pool
    snag: Pool
    posts: Pool


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one country: families, and given names by year of birth."""

    family: tuple[str, ...]
    regional: Mapping[str, tuple[str, ...]]
    given: tuple[tuple[int, Mapping[str, tuple[str, ...]]], ...]
    """(first year, names by sex), ascending."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Everything that the people of a language are made of."""

    language: Language
    vocabulary: Vocabulary
    towns: tuple[Town, ...]
    landlocked: frozenset[str]
    """Regions without a coast."""
    occupations: tuple[Occupation, ...]
    interests: tuple[Interest, ...]
    names: Mapping[str, Names]
    pools: Mapping[str, Pool]
    """Sentences of `life.yaml` by what they are about."""
    words: Mapping[str, Any]
    """`words.yaml`: labels, numbers and how children are spoken of."""


@cache
def tables_of(language: Language) -> Tables:
    """Read the tables of a language, once a process."""
    words = read_table(language, "words")
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
        names={country: _names(row) for country, row in read_table(language, "names").items()},
        pools={name: vocabulary.pool(texts) for name, texts in read_table(language, "life").items()},
        words=words,
    )


_WORK = ("work_land", "work_care", "work_town", "work_other")


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
    if hours not in _HOURS:
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
    needs = tuple(word for word in words if not word.startswith("cost"))
    for flag in needs:
        if flag != "notbig":
            vocabulary.flag_bit(flag)
    if row["kind"] not in KINDS:
        raise ValueError(f"{row['name']}: there is no kind {row['kind']!r}")
    return Interest(
        name=row["name"],
        kind=row["kind"],
        ages=_ages(ages),
        cost=int(next(word[4:] for word in words if word.startswith("cost"))),
        needs=needs,
        skill=row["skill"],
        do=vocabulary.pool(row["do"]),
        snag=vocabulary.pool(row["snag"]),
        posts=vocabulary.pool(row.get("post")),
    )


def _names(row: Mapping[str, Any]) -> Names:
    return Names(
        family=_words(row, "family"),
        regional={region: tuple(names.split()) for region, names in row.get("regional", {}).items()},
        given=tuple(
            (block["from"], {"woman": _words(block, "woman"), "man": _words(block, "man")})
            for block in row["given"]
        ),
    )


def _ages(text: str) -> range:
    low, _, high = text.partition("-")
    return range(int(low), int(high) + 1)
