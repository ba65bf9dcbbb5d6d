"""What of a persona counts for homophily: what people do, are good at, like, where, how old."""

from __future__ import annotations

import re

from matrix_sim.personas.model import Persona
from matrix_sim.personas.placeholders import without_placeholders
from matrix_sim.society.homophily.script import reads_japanese
from matrix_sim.text import clip

_ENOUGH_FACTS = 4
"""Skills and interests that speak for themselves. Where there are fewer, prose fills up: generated
prose is formulaic, and two people whose paragraphs sound alike are not alike."""

_PROSE_CHARACTERS, _SPACED_PROSE_CHARACTERS = 400, 1000
"""How much prose stands in for missing facts: of Japanese, and of a language with spaces, which
needs more than twice the characters for the same."""

_ASIDE = re.compile(r"[(（][^)）]*[)）]|(?<!\S)(?:大手|中堅|中小)(?!\S)")
"""Of an occupation, what says nothing of the work: remarks, and how large the employer is."""
_STANDING = re.compile(
    r",? *\b(?:semi-)?(?:retired|former|ex|part-time|full-time|self-employed|freelance|senior"
    r"|junior|trainee|apprentice|on (?:\w+ )?leave)\b[ ,-]*",
    re.IGNORECASE,
)
"""The same in English: on which terms somebody works, or that they no longer do."""


def work(persona: Persona) -> str:
    """What a persona works as: its occupation without asides; empty where unknown."""
    told = " ".join(_ASIDE.sub(" ", persona.occupation).split())
    if reads_japanese(persona):
        return told
    # Somebody who is retired and nothing else is that.
    return " ".join(_STANDING.sub(" ", told).split()) or told


def facts(persona: Persona) -> tuple[str, ...]:
    """A persona's work, skills and interests, and its prose where those are too few.

    What stands in it for names and numbers is left out: two people are not alike for having a
    telephone.
    """
    every = map(without_placeholders, (*persona.skills, *persona.interests))
    listed = tuple(fact for fact in every if fact.strip())
    works_as = without_placeholders(work(persona)).strip()
    told = (works_as, *listed) if works_as else listed
    if len(listed) >= _ENOUGH_FACTS:
        return told
    enough = _PROSE_CHARACTERS if reads_japanese(persona) else _SPACED_PROSE_CHARACTERS
    prose = without_placeholders("\n".join((persona.description, *persona.posts)))
    return (*told, clip(prose, enough))


def profile_text(persona: Persona) -> str:
    """The text of a persona that is embedded: facts first, then region and decade of age."""
    parts = [*facts(persona), persona.region]
    if persona.age is not None:
        decade = persona.age // 10 * 10
        parts.append(f"{decade}代" if reads_japanese(persona) else f"{decade}s")
    return " ".join(part for part in parts if part)
