"""A person in attributes, before a word of it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matrix_sim.personas.sampler.tables import Interest, Occupation, Town

Sex = Literal["woman", "man"]
Situation = Literal["working", "student", "home", "retired", "seeking"]
Marital = Literal["single", "married", "divorced", "widowed"]
Dwelling = Literal["house", "rental", "family_home"]

TEEN = 18
"""At school and living as school children do, up to that age."""
MAJORITY = 18
"""Up to that age a child lives with a parent."""
PENSION_AGE = 65


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a person."""

    age: int
    sex: Sex
    at_home: bool


@dataclass(frozen=True, slots=True)
class Household:
    """With whom a person lives."""

    marital: Marital
    children: tuple[Child, ...] = ()
    """Oldest first."""
    with_parents: bool = False
    parent_age: int | None = None
    """Of the parent whom this person lives with or cares for."""
    parent_is_mother: bool = True
    carer: bool = False
    spouse_age: int | None = None

    @property
    def at_home(self) -> tuple[Child, ...]:
        """The children who live here."""
        return tuple(child for child in self.children if child.at_home)

    @property
    def alone(self) -> bool:
        """Whether nobody else lives here."""
        return self.marital != "married" and not self.with_parents and not self.at_home


@dataclass(frozen=True, slots=True)
class Life:
    """Who somebody is. Everything that is told of them follows from it."""

    age: int
    sex: Sex
    situation: Situation
    occupation: Occupation
    """What they do or learn; of the retired and of those who look for work, what they did."""
    level: str
    """Highest education that is finished: a key of the language's levels."""
    field: str
    """What was studied; empty where there is nothing to say."""
    years: int
    """At this work so far; of the retired, until they left."""
    since: int
    """Years since they left it; 0 unless retired."""
    town: Town
    origin: str
    """The prefecture or region that they grew up in."""
    household: Household
    dwelling: Dwelling
    car: bool
    interests: tuple[Interest, ...]
    """The one that counts most first."""

    @property
    def pay(self) -> int:
        """1 (little) to 5 (much); 0 without a wage."""
        return self.occupation.pay if self.situation == "working" else 0


def flags_of(life: Life) -> list[str]:
    """What lines may ask about a person, besides their age."""
    home = life.household
    flags = [life.sex, life.situation, home.marital, life.dwelling, f"edu{life.level}"]
    flags += [flag for flag in life.town.flags if flag != "landlocked"]
    flags += _ages_of_children(home)
    questions = {
        "teen": life.situation == "student" and life.age <= TEEN,
        "new": life.situation == "working" and life.years <= 1,
        "veteran": life.situation == "working" and life.years >= 15,
        "alone": home.alone,
        "parents": home.with_parents,
        "couple": home.marital == "married" and not home.at_home,
        "lone": home.marital != "married" and bool(home.at_home),
        "grown": bool(home.children) and not home.at_home and home.children[-1].age > MAJORITY,
        "grand": bool(home.children) and home.children[0].age >= 30 and life.age >= 56,
        "carer": home.carer,
        "car": life.car,
        "pension": life.situation == "retired" and life.age >= PENSION_AGE,
        "poor": 0 < life.pay <= 2,
        "rich": life.pay >= 5,
    }
    flags += [flag for flag, holds in questions.items() if holds]
    flags += [f"i1{interest.kind}" for interest in life.interests[:1]]
    if life.situation == "working":
        flags += [life.occupation.hours, f"pay{life.occupation.pay}", _form(life)]
    return flags


def _form(life: Life) -> str:
    """`both` is for work that is done on one's own account or not: the older half is."""
    form = life.occupation.form
    return form if form != "both" else ("self" if life.years >= 12 else "employee")


def _ages_of_children(home: Household) -> list[str]:
    ages = [child.age for child in home.at_home]
    spans = {"baby": (0, 1), "pre": (2, 6), "elem": (7, 12), "mid": (13, 15), "high": (16, 18)}
    flags = [name for name, (low, high) in spans.items() if any(low <= age <= high for age in ages)]
    if any(age <= MAJORITY for age in ages):
        flags.append("kids")
    if any(age > MAJORITY for age in ages):
        flags.append("adult_kids")
    return flags
