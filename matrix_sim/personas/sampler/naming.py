"""Names that fit a country and a year of birth."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from matrix_sim.errors import UsageError
from matrix_sim.personas.sampler.life import Sex
from matrix_sim.personas.sampler.tables import Tables, Town

_REGIONAL = 0.7
"""How often somebody bears a family name of their region, where the tables know some."""


def draw_name(
    tables: Tables,
    town: Town,
    age: int,
    sex: Sex,
    rng: random.Random,
    taken: AbstractSet[str] = frozenset(),
) -> str:
    """A full name.

    Args:
        tables: Of the language.
        town: Where the person lives.
        age: In the year of the tables.
        sex: Of the person.
        rng: Decides.
        taken: Full names that no new name may be or begin with.

    Raises:
        UsageError: all names are taken.
    """
    names = tables.names[town.country]
    regional = names.regional.get(town.region, ())
    families = regional if regional and rng.random() < _REGIONAL else names.family
    born = tables.words["year"] - age
    own = [by_sex[sex] for first, by_sex in names.given if first <= born][-1]
    others = [by_sex[sex] for _, by_sex in names.given if by_sex[sex] is not own]
    pattern = tables.words.get("name", "{family} {given}")
    # Names of other years, and then of other regions, only where all of the right ones are taken.
    for family_pool in (families, names.family):
        for given in (own, *others):
            for name in _in_turn(family_pool, given, pattern, rng):
                if not any(name[:end] in taken for end in range(1, len(name) + 1)):
                    return name
    raise UsageError(
        f"all names that are known here are names of the {len(taken):,} people to be recombined; "
        "give fewer people, or people without names"
    )


def _in_turn(
    families: Sequence[str], given: Sequence[str], pattern: str, rng: random.Random
) -> Iterator[str]:
    """All pairs once, beginning anywhere."""
    pairs = len(families) * len(given)
    start = int(rng.random() * pairs)
    for step in range(pairs):
        family, own = divmod((start + step) % pairs, len(given))
        yield pattern.format(family=families[family], given=given[own])
