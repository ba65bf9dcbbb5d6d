"""What of a persona counts for homophily: what people do, are good at, like, where, how old."""

from __future__ import annotations

import re

from matrix_sim.personas.model import Persona
from matrix_sim.text import clip

_ENOUGH_FACTS = 4
"""Skills and interests that speak for themselves. Where there are fewer, prose fills up: generated
prose is formulaic, and two people whose paragraphs sound alike are not alike."""

_PROSE_CHARACTERS = 400
"""How much prose stands in for missing facts."""

_ASIDE = re.compile(r"[(（][^)）]*[)）]|(?<!\S)(?:大手|中堅|中小)(?!\S)")
"""Of an occupation, what says nothing of the work: remarks, and how large the employer is."""


def work(persona: Persona) -> str:
    """What a persona works as: its occupation without asides; empty where unknown."""
    return " ".join(_ASIDE.sub(" ", persona.occupation).split())


def facts(persona: Persona) -> tuple[str, ...]:
    """A persona's work, skills and interests, and its prose where those are too few."""
    listed = tuple(fact for fact in (*persona.skills, *persona.interests) if fact.strip())
    told = (work(persona), *listed) if work(persona) else listed
    if len(listed) >= _ENOUGH_FACTS:
        return told
    return (*told, clip("\n".join((persona.description, *persona.posts)), _PROSE_CHARACTERS))


def profile_text(persona: Persona) -> str:
    """The text of a persona that is embedded: facts first, then region and decade of age."""
    parts = [*facts(persona), persona.region]
    if persona.age is not None:
        parts.append(f"{persona.age // 10 * 10}代")
    return " ".join(part for part in parts if part)
