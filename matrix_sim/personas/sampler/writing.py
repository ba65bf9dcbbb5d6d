"""Writes a person down: sentences of the tables that suit them, each at most once."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache

from matrix_sim.language import Language
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.life import Life, flags_of
from matrix_sim.personas.sampler.naming import draw_name
from matrix_sim.personas.sampler.phrases import Line, Pool, fill, fitting
from matrix_sim.personas.sampler.table_files import tables_of
from matrix_sim.personas.sampler.wording import Wording

_HEAD = re.compile(r"(?:^|(?<=[.?!] ))[a-z]")


@cache
def wording_of(language: Language) -> Wording:
    """How a language words labels and numbers."""
    return Wording(tables_of(language))


class Writer:
    """Fills lines for one person and remembers which were told."""

    def __init__(
        self,
        language: Language,
        facts: Mapping[str, str],
        flags: Sequence[str],
        age: int,
        rng: random.Random,
    ) -> None:
        tables, wording = tables_of(language), wording_of(language)
        self._rng = rng
        self._digits, self._gap = wording.digits, wording.gap
        self._age = age
        self._facts = facts
        self._mask = tables.vocabulary.mask(flags, tuple(facts))
        self._pools = tables.pools
        self._told: set[Line] = set()
        self._topics: set[str] = set()

    def from_pool(self, pool: Pool) -> str:
        """One sentence of a pool that suits and was not told yet; empty if none is left."""
        lines = [
            line
            for line in fitting(pool, self._mask, self._age)
            if line not in self._told and line.topic not in self._topics
        ]
        if not lines:
            return ""
        line = lines[int(self._rng.random() * len(lines))]
        self._told.add(line)
        if line.topic:
            self._topics.add(line.topic)
        text = fill(line.parts, self._facts, self._digits, self._rng)
        # A slot may stand at the head of a sentence; in Japanese nothing changes.
        return _HEAD.sub(lambda head: head[0].upper(), text)

    def about(self, subject: str) -> str:
        """One sentence about a subject of `life.yaml`."""
        return self.from_pool(self._pools[subject])

    def paragraph(self, sentences: Sequence[str]) -> str:
        """The sentences that there are, as one paragraph."""
        return self._gap.join(sentence for sentence in sentences if sentence)


def write_persona(life: Life, identity: str, language: Language, rng: random.Random) -> Persona:
    """The persona of a life.

    Args:
        life: Who it is.
        identity: The id it gets.
        language: Of the tables that the life was drawn from.
        rng: Decides the words, and nothing about the life.
    """
    wording = wording_of(language)
    name = draw_name(tables_of(language), life.town, life.age, life.sex, rng)
    facts = wording.facts(life, rng)
    writer = Writer(language, facts, flags_of(life), life.age, rng)
    # The details come first: the work of some is told in few sentences, and they belong there.
    details = _details(writer, life, rng)
    return Persona(
        id=identity,
        name=name,
        age=life.age,
        sex=wording.sex(life),
        marital_status=wording.marital(life),
        education=wording.education(life, rng),
        occupation=wording.occupation(life),
        region=life.town.label,
        description=_description(writer, life, rng),
        details=details,
        interests=tuple(interest.name for interest in life.interests),
        skills=_skills(life, rng),
        posts=_posts(writer, life, rng),
    )


def _description(writer: Writer, life: Life, rng: random.Random) -> str:
    work = life.occupation
    liking, concern = writer.about("description_interest"), writer.about("concern")
    if life.situation in ("retired", "seeking"):
        own = writer.from_pool(work.past) if life.situation == "retired" else ""
        own = own or writer.about("strength")
        return writer.paragraph([writer.about(f"{life.situation}_intro"), own, liking, concern])
    told = writer.from_pool(work.snag) or writer.from_pool(work.do) or writer.about("strength")
    orders = (
        [told, liking, concern],
        [told, concern, liking],
        [told, writer.about("strength"), liking],
        [told, liking, writer.about("weakness")],
        [liking, concern, writer.about("strength")],
    )
    order = orders[int(rng.random() * len(orders))]
    return writer.paragraph([writer.from_pool(work.intro), *order])


def _details(writer: Writer, life: Life, rng: random.Random) -> tuple[str, ...]:
    first, second, *_ = life.interests
    paragraphs = [
        _work(writer, life),
        [writer.about("household"), writer.about("dwelling")],
        _means(writer, life),
        [
            *(writer.about("interest_lead"), writer.from_pool(first.do)),
            writer.from_pool(first.snag),
            *(writer.about("second_lead"), writer.from_pool(second.do)),
            writer.about("other_interest") if rng.random() < 0.6 else writer.from_pool(second.snag),
        ],
        [writer.about("past_school"), writer.about("strength"), writer.about("weakness")],
        _ahead(writer, life),
    ]
    if rng.random() < 0.6:
        paragraphs[1].append(writer.from_pool(life.town.days))
    if rng.random() < 0.5:
        paragraphs[1].append(writer.about("table"))
    else:
        paragraphs[4].append(writer.about("home_words"))
    return tuple(text for part in paragraphs if (text := writer.paragraph(part)))


def _work(writer: Writer, life: Life) -> list[str]:
    work = life.occupation
    if life.situation == "retired":
        opening = writer.about("work_opening")
        return [opening, writer.from_pool(work.past), *_two(writer, "retired_days")]
    if life.situation == "seeking":
        return [writer.about("work_opening"), *_two(writer, "seeking_days")]
    opening = writer.about("work_opening") if life.situation == "working" else ""
    days = [writer.from_pool(work.do), opening]
    days += [writer.from_pool(work.do)] if len(work.do) > 2 or len(work.snag) < 2 else []
    return [*days, writer.from_pool(work.snag)]


def _two(writer: Writer, subject: str) -> list[str]:
    return [writer.about(subject), writer.about(subject)]


def _means(writer: Writer, life: Life) -> list[str]:
    """Money and time."""
    if life.situation == "student":
        teen = "teen" in flags_of(life)
        return [writer.about("teen_money" if teen else "student_job"), writer.about("time")]
    return [writer.about("money"), writer.about("time")]


def _ahead(writer: Writer, life: Life) -> list[str]:
    goal = (
        "" if life.situation in ("retired", "seeking") else writer.from_pool(life.occupation.goal)
    )
    return [goal, writer.about("concern"), writer.about("life_goal")]


def _skills(life: Life, rng: random.Random) -> tuple[str, ...]:
    own = life.occupation.skills
    chosen = rng.sample(own, min(len(own), 3 + int(rng.random() * 2)))
    chosen += [interest.skill for interest in life.interests[:2]]
    return tuple(dict.fromkeys(chosen))


def _posts(writer: Writer, life: Life, rng: random.Random) -> tuple[str, ...]:
    pools = [interest.posts for interest in life.interests]
    if life.situation in ("working", "student", "home"):
        pools.insert(0, life.occupation.posts)
    own = [text for pool in pools if (text := writer.from_pool(pool))]
    common = _two(writer, "posts")
    return tuple(text for text in (*own[:2], *common)[: 2 + int(rng.random() * 2)] if text)
