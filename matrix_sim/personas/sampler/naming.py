"""Names that fit a country and a year of birth."""

from __future__ import annotations

import random
from collections.abc import Collection

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
    taken: Collection[str] = (),
) -> str:
    """A full name.

    Args:
        tables: Of the language.
        town: Where the person lives.
        age: In the year of the tables.
        sex: Of the person.
        rng: Decides.
        taken: Full names that nobody may get; far fewer than there are names.
    """
    names = tables.names[town.country]
    regional = names.regional.get(town.region, ())
    families = regional if regional and rng.random() < _REGIONAL else names.family
    born = tables.words["year"] - age
    given = [by_sex for first, by_sex in names.given if first <= born][-1][sex]
    start, pairs = int(rng.random() * len(families) * len(given)), len(families) * len(given)
    order = tables.words.get("name", "{family} {given}")
    for step in range(pairs):
        at = (start + step) % pairs
        name = order.format(family=families[at // len(given)], given=given[at % len(given)])
        if name not in taken:
            return str(name)
    raise ValueError(f"every name of {town.country} is taken")
