"""What must be true of a person for their attributes to agree, each rule by name.

The rules look at the finished life only. They do not know how it was drawn, and nothing is drawn
again because of them: they are there to catch a table or a step of the drawing that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from matrix_sim.personas.sampler.drawing import OLDEST_DRIVER, budget
from matrix_sim.personas.sampler.households import OLDEST_BIRTH, OLDEST_PARENT, YOUNGEST_PARENT
from matrix_sim.personas.sampler.life import MAJORITY, TEEN, Life, flags_of
from matrix_sim.personas.sampler.tables import Tables

Rule = Callable[[Life, Tables], bool]

_SEA = frozenset({"coast", "port"})


def broken_rules(life: Life, tables: Tables) -> tuple[str, ...]:
    """The names of the rules that a person breaks; none, as a rule."""
    return tuple(name for name, holds in RULES.items() if not holds(life, tables))


def _works_at_an_age_for_it(life: Life, tables: Tables) -> bool:
    if life.situation == "retired":
        return life.age - life.since in life.occupation.ages
    return life.age in life.occupation.ages


def _situation_is_the_works(life: Life, tables: Tables) -> bool:
    kind = life.occupation.situation
    return kind == life.situation or (
        kind == "working" and life.situation in ("retired", "seeking")
    )


def _education_was_finished_in_time(life: Life, tables: Tables) -> bool:
    left = life.age - life.since
    return left >= int(tables.words["levels"][life.level]["from"])


def _education_opens_the_work(life: Life, tables: Tables) -> bool:
    subject = not life.field or life.field in life.occupation.fields
    return life.level in life.occupation.levels.items and subject


def _years_fit_into_the_life(life: Life, tables: Tables) -> bool:
    school = int(tables.words["levels"][life.level]["from"])
    return 0 <= life.years <= max(0, life.age - life.since - school)


def _retired_late_enough(life: Life, tables: Tables) -> bool:
    return life.situation != "retired" or (life.since >= 1 and life.age - life.since >= 53)


def _students_are_young(life: Life, tables: Tables) -> bool:
    return life.situation != "student" or life.age <= 30


def _students_live_as_students(life: Life, tables: Tables) -> bool:
    home = life.household
    return life.situation != "student" or (
        home.marital == "single"
        and not home.children
        and life.dwelling != "house"
        and (life.age > TEEN or home.with_parents)
    )


def _lives_where_the_work_is(life: Life, tables: Tables) -> bool:
    return life.town in life.occupation.towns.items


def _no_sea_in_landlocked_regions(life: Life, tables: Tables) -> bool:
    return life.town.region not in tables.landlocked or not _SEA & set(life.town.flags)


def _children_have_plausible_parents(life: Life, tables: Tables) -> bool:
    return all(
        YOUNGEST_PARENT <= life.age - child.age <= OLDEST_BIRTH[life.sex]
        for child in life.household.children
    )


def _children_are_apart(life: Life, tables: Tables) -> bool:
    ages = [child.age for child in life.household.children]
    return all(older - younger >= 2 for older, younger in pairwise(ages))


def _minors_live_with_a_parent(life: Life, tables: Tables) -> bool:
    home = life.household
    away = [c for c in home.children if c.age <= MAJORITY and not c.at_home]
    return not away or home.marital == "divorced"


def _spouse_only_if_married(life: Life, tables: Tables) -> bool:
    home = life.household
    if (home.spouse_age is not None) != (home.marital == "married"):
        return False
    return home.spouse_age is None or (
        home.spouse_age >= 20 and abs(home.spouse_age - life.age) <= 8
    )


def _married_as_an_adult(life: Life, tables: Tables) -> bool:
    return life.household.marital == "single" or life.age >= 20


def _parents_can_be_alive(life: Life, tables: Tables) -> bool:
    age = life.household.parent_age
    if age is None:
        return not life.household.with_parents
    return age <= OLDEST_PARENT and age - life.age >= YOUNGEST_PARENT


def _home_has_its_reason(life: Life, tables: Tables) -> bool:
    """Who stays at home for somebody lives with them."""
    home, reasons = life.household, life.occupation.household
    minors = [child.age for child in home.at_home if child.age <= MAJORITY]
    return (
        not reasons
        or ("carer" in reasons and home.carer)
        or ("baby" in reasons and any(age <= 1 for age in minors))
        or ("elem" in reasons and any(2 <= age <= 12 for age in minors))
        or ("nokids" in reasons and not home.children)
        or ("grown" in reasons and bool(home.children) and not minors)
    )


def _drives_at_an_age_for_it(life: Life, tables: Tables) -> bool:
    return not life.car or TEEN < life.age <= OLDEST_DRIVER


def _interests_suit(life: Life, tables: Tables) -> bool:
    flags = frozenset(flags_of(life))
    return all(
        life.age in interest.ages
        and interest.cost <= budget(life, flags)
        and interest.needs <= flags
        and not (interest.rural and "big" in flags)
        for interest in life.interests
    )


def _interests_differ(life: Life, tables: Tables) -> bool:
    names = {interest.name for interest in life.interests}
    kinds = {interest.kind for interest in life.interests}
    return len(names) == len(life.interests) >= 4 and len(kinds) >= 3


RULES: Mapping[str, Rule] = {
    "works at an age for it": _works_at_an_age_for_it,
    "the situation is that of the work": _situation_is_the_works,
    "the education was finished in time": _education_was_finished_in_time,
    "the education opens the work": _education_opens_the_work,
    "the years at work fit into the life": _years_fit_into_the_life,
    "retired late enough": _retired_late_enough,
    "students are young": _students_are_young,
    "students live as students do": _students_live_as_students,
    "lives where the work is": _lives_where_the_work_is,
    "no sea in a landlocked region": _no_sea_in_landlocked_regions,
    "children have parents of a plausible age": _children_have_plausible_parents,
    "brothers and sisters are apart in age": _children_are_apart,
    "minors live with a parent": _minors_live_with_a_parent,
    "a spouse only if married": _spouse_only_if_married,
    "married as an adult": _married_as_an_adult,
    "the parents can be alive": _parents_can_be_alive,
    "who stays at home has the reason there": _home_has_its_reason,
    "drives at an age for it": _drives_at_an_age_for_it,
    "interests suit age, money and place": _interests_suit,
    "interests differ": _interests_differ,
}
