"""Draws a person step by step, each step from what the earlier ones leave possible.

Nothing is drawn and thrown away: every choice is made among things that fit, so a person takes
the same few draws whoever it becomes. The shares are set by hand for variety; they are no
statistics of any country.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from matrix_sim.language import Language
from matrix_sim.personas.sampler.households import draw_household
from matrix_sim.personas.sampler.life import (
    PENSION_AGE,
    TEEN,
    Dwelling,
    Household,
    Life,
    Sex,
    Situation,
    flags_of,
)
from matrix_sim.personas.sampler.table_files import tables_of
from matrix_sim.personas.sampler.tables import Interest, Occupation, Town, Weighted

OLDEST = 88
OLDEST_DRIVER = 84
EARLIEST_RETIREMENT = 58
_AGES = Weighted.of(
    [
        (range(15, 19), 5.0),
        (range(19, 25), 10.0),
        (range(25, 35), 17.0),
        (range(35, 45), 18.0),
        (range(45, 55), 18.0),
        (range(55, 65), 15.0),
        (range(65, 75), 11.0),
        (range(75, OLDEST + 1), 7.0),
    ]
)
_MAIN_KIND_BY_WORK = 0.55
"""How often somebody's first interest is near to their work."""


def draw_life(language: Language, rng: random.Random) -> Life:
    """A person of a language's tables."""
    age = rng.choice(_AGES.at(rng.random()))
    sex: Sex = "woman" if rng.random() < 0.5 else "man"
    situation = _situation(rng, age, sex)
    if not _occupations(language, situation, age, sex).items:
        # Nobody of that age is at home, or at work, in these tables.
        situation = "retired" if age >= PENSION_AGE else "working"
    work = _occupations(language, situation, age, sex).at(rng.random())
    left = _left_at(rng, age, work) if situation == "retired" else age
    level = _levels(language, work, left).at(rng.random())
    levels = tables_of(language).words["levels"]
    start = max(levels[level]["from"], work.ages[0])
    years = _years(rng, left - start, work) if situation != "home" else 0
    town = work.towns.at(rng.random())
    household = draw_household(rng, age, sex, work)
    dwelling = _dwelling(rng, age, household, town, situation)
    car = _car(rng, age, town, situation)
    tables = tables_of(language)
    stayed = household.with_parents or rng.random() < 0.5
    origin = town if stayed else tables.towns[int(rng.random() * len(tables.towns))]
    without = Life(
        age=age,
        sex=sex,
        situation=situation,
        occupation=work,
        level=level,
        field=rng.choice(work.fields) if work.fields and levels[level].get("field") else "",
        years=years,
        since=age - left,
        town=town,
        origin=origin.region if origin.country == town.country else town.region,
        household=household,
        dwelling=dwelling,
        car=car,
        interests=(),
    )
    return _with_interests(rng, without, tables.interests)


def _situation(rng: random.Random, age: int, sex: Sex) -> Situation:
    share = rng.random()
    if age <= TEEN:
        return "student" if age < TEEN or share < 0.7 else "working"
    if age <= 24:
        return "student" if share < 0.48 else "seeking" if share < 0.53 else "working"
    if age <= 28 and share < 0.05:
        return "student"
    if age >= EARLIEST_RETIREMENT + 1:
        retired = min(0.9, max(0.0, (age - 57) * 0.045 + (0.15 if age >= 65 else 0.0)))
        if share < retired:
            return "retired"
    at_home = 0.15 if sex == "woman" else 0.025
    share = rng.random()
    return (
        "home"
        if share < at_home
        else "seeking"
        if share < at_home + 0.04 and age < 62
        else "working"
    )


@cache
def _occupations(
    language: Language, situation: Situation, age: int, sex: Sex
) -> Weighted[Occupation]:
    """What somebody may do, or have done; empty where an age has no such situation."""
    tables = tables_of(language)

    def weight(work: Occupation) -> float:
        return work.weight * (work.women if sex == "woman" else 1 - work.women)

    working = [w for w in tables.occupations if w.situation == "working"]
    if situation == "retired":
        return Weighted.of((w, weight(w)) for w in working if w.ages[-1] >= EARLIEST_RETIREMENT - 1)
    if situation == "seeking":
        fitting = [w for w in working if w.form == "employee" and w.pay < 5 and age in w.ages]
    elif situation == "working":
        fitting = [w for w in working if age in w.ages]
    else:
        fitting = [w for w in tables.occupations if w.situation == situation and age in w.ages]
    return Weighted.of((w, weight(w)) for w in fitting if _earliest(language, w) <= age)


def _earliest(language: Language, work: Occupation) -> int:
    levels = tables_of(language).words["levels"]
    return min(int(levels[level]["from"]) for level in work.levels.items)


@cache
def _levels(language: Language, work: Occupation, age: int) -> Weighted[str]:
    """The education that somebody of this work can have finished by an age."""
    levels = tables_of(language).words["levels"]
    sums = (0.0, *work.levels.sums)
    shares = [high - low for low, high in pairwise(sums)]
    return Weighted.of(
        (level, share)
        for level, share in zip(work.levels.items, shares, strict=True)
        if levels[level]["from"] <= age
    )


def _left_at(rng: random.Random, age: int, work: Occupation) -> int:
    """The age at which a retired person left their work."""
    latest = min(age - 1, work.ages[-1], 72)
    return rng.randint(min(latest, EARLIEST_RETIREMENT), latest)


def _years(rng: random.Random, most: int, work: Occupation) -> int:
    """Years at this work: for most since they began to work, for others after something else."""
    if most <= 0:
        return 0
    if rng.random() < 0.55:
        return max(0, most - rng.randint(0, min(3, most)))
    return rng.randint(0, most)


def _dwelling(
    rng: random.Random, age: int, home: Household, town: Town, situation: Situation
) -> Dwelling:
    if home.with_parents and home.marital == "single":
        return "family_home"
    if situation == "student" or age < 28:
        return "rental"
    own = 0.15 + 0.012 * (age - 28) + (0.25 if home.marital == "married" else 0.0)
    own += 0.0 if "big" in town.flags else 0.2
    return "house" if rng.random() < min(own, 0.92) else "rental"


def _car(rng: random.Random, age: int, town: Town, situation: Situation) -> bool:
    share = rng.random()
    if age <= TEEN or age > OLDEST_DRIVER:
        return False
    if situation == "student":
        return share < 0.12 and "big" not in town.flags
    share += 0.3 if age > 78 else 0.0
    return share < (0.3 if "big" in town.flags else 0.86)


def _with_interests(rng: random.Random, life: Life, everything: Sequence[Interest]) -> Life:
    flags = frozenset(flags_of(life))
    big = "big" in flags
    means = budget(life, flags)
    possible = [
        i
        for i in everything
        if life.age in i.ages and i.cost <= means and i.needs <= flags and not (i.rural and big)
    ]
    near = [i for i in possible if i.kind in life.occupation.near]
    pool = near if near and rng.random() < _MAIN_KIND_BY_WORK else possible
    chosen = [pool[int(rng.random() * len(pool))]]
    # A second of the same kind makes people whom an interest brings together; the rest is mixed.
    same = [i for i in possible if i.kind == chosen[0].kind and i is not chosen[0]]
    if same and rng.random() < 0.6:
        chosen.append(same[int(rng.random() * len(same))])
    wanted = 4 + int(rng.random() * 2)
    while len(chosen) < wanted:
        kinds = {i.kind for i in chosen}
        other = [i for i in possible if i.kind not in kinds]
        chosen.append(other[int(rng.random() * len(other))])
    return replace(life, interests=tuple(chosen))


def budget(life: Life, flags: frozenset[str]) -> int:
    """The dearest interests that somebody can keep up, 1 to 3."""
    if "teen" in flags or life.situation == "seeking" or life.pay == 1 or "lone" in flags:
        return 1
    if life.situation == "student" or life.pay == 2 or "baby" in flags:
        return 2
    return 3
