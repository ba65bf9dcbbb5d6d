"""Names of people: those of the sampler's tables, and some that people call each other."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from matrix_sim.language import Language
from matrix_sim.personas.anonymise.words import words
from matrix_sim.personas.sampler.table_files import names_of


@cache
def given_names(language: Language) -> frozenset[str]:
    """Given names that are hardly anything else: alone at the beginning they call somebody."""
    found = {
        name
        for names in names_of(language).values()
        for _, by_sex in names.given
        for group in by_sex.values()
        for name in group
    }
    own = _own(language)
    return (frozenset(found) | set(own["given"].split())) - set(own["ordinary"].split())


@cache
def family_names(language: Language) -> frozenset[str]:
    """Family names."""
    found = {name for names in names_of(language).values() for name in names.family}
    return frozenset(found) | (words("family_names_ja") if language == "ja" else frozenset())


def _own(language: Language) -> dict[str, str]:
    file = files("matrix_sim.quality") / "data" / f"names.{language}.yaml"
    lists: dict[str, str] = yaml.safe_load(file.read_text("utf-8"))
    return lists
