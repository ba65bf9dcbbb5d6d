"""With whom people live: drawn so that the ages of a family can be true."""

from __future__ import annotations

import random
from collections.abc import Sequence

from matrix_sim.personas.sampler.life import MAJORITY, TEEN, Child, Household, Marital, Sex
from matrix_sim.personas.sampler.tables import Occupation

YOUNGEST_PARENT = 20
"""Nobody here has a child before that age; set by hand, so that all can have one by choice."""
OLDEST_BIRTH = {"woman": 42, "man": 50}
OLDEST_PARENT = 96
"""No parent who still lives here is older."""

# By hand, for variety; no census.
_EVER_MARRIED = ((20, 0.0), (25, 0.07), (30, 0.36), (35, 0.6), (45, 0.74), (65, 0.82), (200, 0.92))
_CHILDLESS = ((26, 0.55), (31, 0.4), (40, 0.25), (200, 0.14))
_WITH_PARENTS = ((20, 1.0), (30, 0.38), (40, 0.28), (58, 0.22), (66, 0.1), (200, 0.0))


def draw_household(rng: random.Random, age: int, sex: Sex, work: Occupation) -> Household:
    """The household of somebody who does `work`."""
    if work.household:
        return _required(rng, age, sex, work.household)
    if work.situation == "student":
        with_parents = age <= TEEN or rng.random() < 0.45
        return _single(rng, age, with_parents)
    if rng.random() >= _at(_EVER_MARRIED, age):
        return _single(rng, age, rng.random() < _at(_WITH_PARENTS, age))
    marital = _marital(rng, age, sex)
    children = () if rng.random() < _at(_CHILDLESS, age) else _children(rng, age, sex, marital)
    return Household(marital, children, spouse_age=_spouse_age(rng, age, marital))


def _required(rng: random.Random, age: int, sex: Sex, kinds: Sequence[str]) -> Household:
    spouse_age = _spouse_age(rng, age, "married")
    if "nokids" in kinds:
        return Household("married", spouse_age=spouse_age)
    if "carer" in kinds:
        mother = rng.random() < 0.7
        parent = min(OLDEST_PARENT, age + rng.randint(24, 36))
        if rng.random() < 0.5:
            return Household("single", (), True, parent, mother, carer=True)
        return Household("married", (), True, parent, mother, carer=True, spouse_age=spouse_age)
    if "grown" in kinds:
        first = rng.randint(YOUNGEST_PARENT + 1, min(age - 24, 27))
        ages = [age - first - gap for gap in (0, *rng.sample((2, 3), rng.randint(0, 1)))]
        grown = tuple(Child(a, _sex(rng), at_home=False) for a in ages if a > MAJORITY)
        return Household("married", grown, spouse_age=spouse_age)
    low, high = (0, 1) if "baby" in kinds else (2, 12)
    youngest = max(low, age - OLDEST_BIRTH[sex])
    own = rng.randint(youngest, max(youngest, min(high, age - YOUNGEST_PARENT - 2)))
    older = own + rng.randint(2, 4)
    ages = [own] if rng.random() < 0.4 or age - older < YOUNGEST_PARENT else [older, own]
    children = tuple(Child(a, _sex(rng), at_home=True) for a in ages)
    return Household("married", children, spouse_age=spouse_age)


def _single(rng: random.Random, age: int, with_parents: bool) -> Household:
    if not with_parents:
        return Household("single")
    parent = min(OLDEST_PARENT, age + rng.randint(22, 36))
    carer = parent >= 76 and rng.random() < 0.35
    return Household("single", (), True, parent, rng.random() < 0.7, carer=carer)


def _marital(rng: random.Random, age: int, sex: Sex) -> Marital:
    widowed = max(0.0, (age - 55) * (0.014 if sex == "woman" else 0.006))
    share = rng.random()
    if share < widowed:
        return "widowed"
    return "divorced" if share < widowed + (0.03 if age < 30 else 0.11) else "married"


def _spouse_age(rng: random.Random, age: int, marital: Marital) -> int | None:
    return max(20, min(94, age + rng.randint(-5, 5))) if marital == "married" else None


def _children(rng: random.Random, age: int, sex: Sex, marital: Marital) -> tuple[Child, ...]:
    latest = min(OLDEST_BIRTH[sex], age)
    if latest < YOUNGEST_PARENT:
        return ()
    # Births lie around 30; one too late for this age is drawn as the latest possible.
    birth = min(latest, max(YOUNGEST_PARENT, round(rng.triangular(20, 42, 29))))
    count = 1 + int(rng.random() * 2.4)
    children: list[Child] = []
    for _ in range(count):
        if birth > latest:
            break
        children.append(Child(age - birth, _sex(rng), _at_home(rng, age - birth, sex, marital)))
        birth += rng.randint(2, 4)
    # Minors stay with one parent together; after a divorce, mostly with their mother.
    away = marital == "divorced" and rng.random() < (0.1 if sex == "woman" else 0.75)
    return tuple(Child(c.age, c.sex, at_home=False) for c in children) if away else tuple(children)


def _at_home(rng: random.Random, child: int, sex: Sex, marital: Marital) -> bool:
    if child <= MAJORITY:
        return True
    return rng.random() < (0.5 if child <= 22 else 0.14 if child < 40 else 0.05)


def _sex(rng: random.Random) -> Sex:
    return "woman" if rng.random() < 0.5 else "man"


def _at(steps: Sequence[tuple[int, float]], age: int) -> float:
    return next(share for below, share in steps if age < below)
