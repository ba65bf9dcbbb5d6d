"""Founding a society: from personas to groups, decided once, committed, then only read (S9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from matrix_sim.canonical import canonical_json
from matrix_sim.config import RunConfig, SocietyConfig
from matrix_sim.directions import direction_of
from matrix_sim.messages import agent_label, by_number, group_label
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.homophily.arrangement import Arrangement, arrange
from matrix_sim.society.homophily.description import GroupTraits
from matrix_sim.society.homophily.embedding import Vectors, embed, unit_rows
from matrix_sim.society.homophily.profile import profile_text
from matrix_sim.society.society import Group, Member, Society
from matrix_sim.store.writes import PutEvent
from matrix_sim.talk import likeness_of_strangers
from matrix_sim.text import clip, printable

Embed = Callable[[Sequence[str]], Vectors]
"""Texts to rows of a matrix, shape (len(texts), d)."""

# A file of personas may hold an occupation of any length, and every prompt repeats it.
_SPEAKER_CHARACTERS = 80
_DESCRIPTION_CHARACTERS = 240
_STRANGERS = ("likeness", "strangers")


class Events(Protocol):
    """What a society is read back from."""

    def events(self, kind: str) -> dict[str, bytes]:
        """The events of a kind by key."""
        ...


@dataclass(frozen=True, slots=True)
class Founding:
    """A society and the events that make it true."""

    society: Society
    events: tuple[PutEvent, ...]


def local_embedding(seed: int) -> Embed:
    """Character n-grams and a truncated SVD: no model, no download."""
    return lambda texts: embed(texts, seed)


def found_society(
    config: RunConfig, personas: Sequence[Persona], prompts: PromptLibrary, embedding: Embed
) -> Founding:
    """Put the personas into groups next to similar groups.

    Raises:
        UsageError: the bounds of `group_size` cannot be kept with so many people.
    """
    vectors = embedding([profile_text(persona) for persona in personas])
    arrangement = arrange(personas, vectors, config.society, config.seed)
    members = tuple(
        Member(
            agent,
            persona,
            clip(printable(prompts.speaker(persona)), _SPEAKER_CHARACTERS),
            direction_of(vectors[agent]),
        )
        for agent, persona in enumerate(personas)
    )
    groups = tuple(
        Group(group, arrangement.groups[group], description, arrangement.neighbours[group])
        for group, description in enumerate(_descriptions(arrangement, prompts))
    )
    strangers = likeness_of_strangers(unit_rows(vectors)) or 0.0
    events = (
        *_member_events(members, vectors),
        *_group_events(groups, arrangement),
        PutEvent(*_STRANGERS, canonical_json(strangers)),
    )
    return Founding(Society(config.society, members, groups, strangers), events)


def read_society(events: Events, settings: SocietyConfig) -> Society:
    """The society that was founded in this run."""
    members = tuple(
        Member(
            agent,
            Persona.model_validate(body["persona"]),
            body["speaker"],
            direction_of(body["embedding"]),
        )
        for agent, body in enumerate(_bodies(events, "member"))
    )
    groups = tuple(
        Group(group, tuple(body["members"]), body["description"], tuple(body["neighbours"]))
        for group, body in enumerate(_bodies(events, "group"))
    )
    kind, key = _STRANGERS
    # A run of an earlier version has none: it can be looked at, and not be gone on with.
    strangers = float(orjson.loads(events.events(kind).get(key, b"0")))
    return Society(settings, members, groups, strangers)


def _descriptions(arrangement: Arrangement, prompts: PromptLibrary) -> list[str]:
    return [
        clip(printable(_description(traits, prompts)), _DESCRIPTION_CHARACTERS)
        for traits in arrangement.traits
    ]


def _description(traits: GroupTraits, prompts: PromptLibrary) -> str:
    return prompts.text_of(
        "group_description",
        ages=traits.ages,
        regions=traits.regions,
        occupations=traits.occupations,
        shared=traits.shared,
    ).strip()


def _member_events(members: Sequence[Member], vectors: Vectors) -> list[PutEvent]:
    return [
        PutEvent(
            "member",
            agent_label(member.agent),
            canonical_json(
                {
                    "persona": member.persona.model_dump(mode="json"),
                    "speaker": member.speaker,
                    "embedding": [float(x) for x in vectors[member.agent]],
                }
            ),
        )
        for member in members
    ]


def _group_events(groups: Sequence[Group], arrangement: Arrangement) -> list[PutEvent]:
    return [
        PutEvent(
            "group",
            group_label(group.group),
            canonical_json(
                {
                    "members": list(group.members),
                    "neighbours": list(group.neighbours),
                    "description": group.description,
                    "centroid": [float(x) for x in arrangement.centroids[group.group]],
                }
            ),
        )
        for group in groups
    ]


def _bodies(events: Events, kind: str) -> list[Any]:
    found = events.events(kind)
    return [orjson.loads(found[label]) for label in by_number(found)]
