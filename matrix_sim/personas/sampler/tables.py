"""What people are made of: places, occupations, interests, names and sentences of a language.

The weights in the tables are set by hand for variety: they are no census, and nothing here claims
how frequent anything is.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Generic, TypeVar

from matrix_sim.language import Language
from matrix_sim.personas.sampler.phrases import Parts, Pool, Vocabulary

Item = TypeVar("Item")

HOURS = ("day", "shift", "night", "dawn", "long", "free", "season", "part")
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
    *HOURS,
    *("pay0", "pay1", "pay2", "pay3", "pay4", "pay5"),
    *TOWN_FLAGS,
    *(f"i1{kind}" for kind in KINDS),
)
PRONOUNS = ("he", "him", "his", "himself", "He", "His")
"""Slots of languages that need them; `he` is `she` of a woman."""
SLOTS = (
    *("age", "years", "since", "stay", "spouse", "sp_work", "kids", "baby", "parent", "field"),
    *("origin", "town", "food", "work", "i1", "i2", "i3", "i4", "s1", "s2"),
    *("likes", "edu", "cur", *PRONOUNS),
)


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
    needs: frozenset[str]
    """Flags that the person must have, all of them."""
    rural: bool
    """Whether it cannot be done in a big city."""
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
