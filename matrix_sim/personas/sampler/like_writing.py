"""Writes a recombined person down, from sentences that need no more than their attributes."""

from __future__ import annotations

import random
from collections.abc import Set as AbstractSet

from matrix_sim.language import Language
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.cues import cues_of
from matrix_sim.personas.sampler.life import PENSION_AGE, TEEN, Sex
from matrix_sim.personas.sampler.likeness import Likeness
from matrix_sim.personas.sampler.naming import draw_name
from matrix_sim.personas.sampler.table_files import tables_of
from matrix_sim.personas.sampler.tables import Interest
from matrix_sim.personas.sampler.writing import Writer, wording_of

_MIDDLE_AGE = 45
"""For choosing sentences and a name, where the source knows no age."""


def write_likeness(
    like: Likeness,
    identity: str,
    language: Language,
    rng: random.Random,
    taken: AbstractSet[str],
) -> Persona:
    """The persona of a recombined person.

    Args:
        like: Who it is.
        identity: The id it gets.
        language: Of the sentences.
        rng: Decides the words.
        taken: Full names that must not be given.
    """
    tables, cues = tables_of(language), cues_of(language)
    age = _MIDDLE_AGE if like.age is None else like.age
    town = cues.town(like.region)
    known = [found for item in like.interests[:2] if (found := cues.interest(item))]
    sex: Sex = cues.sex(like.sex) or ("woman" if rng.random() < 0.5 else "man")
    home = town or tables.towns[int(rng.random() * len(tables.towns))]
    facts = {**wording_of(language).common(sex, home), **_facts(like, language, rng)}
    writer = Writer(language, facts, _flags(like, language, known), age, rng)
    pools = cues.pools
    retired = cues.situation(like.occupation) == "retired"
    details = (
        [writer.from_pool(pools["work"]), writer.from_pool(pools["trouble"])]
        + ([writer.about("retired_days")] if retired else []),
        [writer.from_pool(pools["family"]), writer.about("table"), writer.about("home_words")]
        + ([writer.from_pool(town.days)] if town and like.age else []),
        [writer.about("money"), writer.about("time"), writer.from_pool(pools["school"])],
        [writer.about("interest_lead"), *_practice(writer, known), writer.about("other_interest")],
        [writer.about("strength"), writer.about("weakness")],
        [writer.from_pool(pools["goal"]), writer.about("concern"), writer.about("life_goal")],
    )
    description = [
        writer.from_pool(pools["intro"]),
        writer.from_pool(pools["liking"]),
        writer.from_pool(pools["trouble"]) if rng.random() < 0.5 else writer.about("strength"),
        writer.about("concern"),
    ]
    return Persona(
        id=identity,
        name=draw_name(tables, home, age, sex, rng, taken),
        age=like.age,
        sex=like.sex,
        marital_status=like.marital_status,
        education=like.education,
        occupation=like.occupation,
        region=like.region,
        description=writer.paragraph(description),
        details=tuple(text for part in details if (text := writer.paragraph(part))),
        interests=like.interests,
        skills=like.skills,
    )


def _practice(writer: Writer, known: list[Interest]) -> list[str]:
    """What one does in the first interest, where the tables know it."""
    return [
        text
        for interest in known[:1]
        for pool in (interest.do, interest.snag)
        if (text := writer.from_pool(pool))
    ]


def _flags(like: Likeness, language: Language, known: list[Interest]) -> list[str]:
    cues = cues_of(language)
    town = cues.town(like.region)
    flags = [
        cues.sex(like.sex) or "",
        cues.situation(like.occupation),
        cues.marital(like.marital_status),
    ]
    flags += [flag for flag in (town.flags if town else ()) if flag in ("snow", "cold", "hot")]
    if like.age is not None and like.age <= TEEN and "student" in flags:
        flags.append("teen")
    if like.age is not None and like.age >= PENSION_AGE and "retired" in flags:
        flags.append("pension")
    if known and like.interests[0] and cues.interest(like.interests[0]):
        flags.append(f"i1{known[0].kind}")
    return [flag for flag in flags if flag]


def _facts(like: Likeness, language: Language, rng: random.Random) -> dict[str, str]:
    wording, cues = wording_of(language), cues_of(language)
    town = cues.town(like.region)
    sex = cues.sex(like.sex)
    facts = {
        "age": wording.number(like.age) if like.age is not None else "",
        "town": like.region,
        "food": rng.choice(town.foods) if town else "",
        "work": wording.bare(like.occupation),
        "edu": like.education,
        "likes": wording.listed(like.interests),
        "spouse": wording.spouse(sex) if sex and cues.marital(like.marital_status) else "",
    }
    if cues.marital(like.marital_status) == "single":
        facts["spouse"] = ""
    facts |= {f"i{place}": item for place, item in enumerate(like.interests[:4], start=1)}
    facts |= {f"s{place}": item for place, item in enumerate(like.skills[:2], start=1)}
    return {slot: text for slot, text in facts.items() if text}
