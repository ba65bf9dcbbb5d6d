"""A made-up name for somebody whose own was taken away: the others have to call them something."""

from __future__ import annotations

from matrix_sim.config import Language
from matrix_sim.personas.anonymise.folded import folded
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.table_files import names_of, read_words
from matrix_sim.personas.sampler.tables import Names
from matrix_sim.randomness import named_random

_TRIES = 50
_SEXES = {"女": "woman", "女性": "woman", "female": "woman", "f": "woman", "woman": "woman"}
_SEXES |= {"男": "man", "男性": "man", "male": "man", "m": "man", "man": "man"}


def pseudonym(persona: Persona, own: str, language: Language) -> str:
    """A name that fits age and sex as far as they are known, drawn by what the persona says.

    Args:
        persona: anonymised; its id decides.
        own: all that the source calls this person; no part of the name stands in it.
        language: of the names.
    """
    names = next(iter(names_of(language).values()))
    words = read_words(language)
    given = _given_names(names, persona, int(words["year"]))
    draw = named_random(0, "pseudonym", persona.id)
    hidden = folded(own).text.casefold()
    for _ in range(_TRIES):
        parts = {"family": draw.choice(names.family), "given": draw.choice(given)}
        if not any(folded(part).text.casefold() in hidden for part in parts.values()):
            return str(words.get("name", "{family} {given}")).format(**parts)
    return ""


def _given_names(names: Names, persona: Persona, year: int) -> list[str]:
    """Of the time and sex, where these are known; otherwise of all."""
    groups = [by_sex for _, by_sex in names.given]
    if persona.age is not None:
        born = year - persona.age
        groups = [by_sex for first, by_sex in names.given if first <= born][-1:] or groups
    sex = _SEXES.get(persona.sex.strip().lower())
    chosen = [by_sex[sex] for by_sex in groups] if sex else [n for g in groups for n in g.values()]
    return [name for group in chosen for name in group]
