"""What the members of a group share that people at large do not: facts for a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.profile import work
from matrix_sim.society.homophily.wording import Wording
from matrix_sim.society.homophily.words import lexicon_of, wording_of, words_of

_MOST_SHARED = 5
_MOST_LISTED = 3
_LIFT = 1.5
"""How much more frequent than in the society a word must be here, unless nobody else has it."""


@dataclass(frozen=True, slots=True)
class GroupTraits:
    """Who the members of a group are, in facts."""

    ages: tuple[int, int] | None
    """Youngest and oldest, where known."""
    regions: tuple[str, ...]
    """Where they live, most frequent first; at most three."""
    occupations: tuple[str, ...]
    """What they work as, most frequent first; at most three."""
    shared: tuple[str, ...]
    """Words of their work, skills and interests, most telling first; at most five. Of a group of
    one, the words that are most its own."""


def describe_groups(
    personas: Sequence[Persona], groups: Sequence[Sequence[int]]
) -> tuple[GroupTraits, ...]:
    """Say per group what its members share.

    Args:
        personas: By agent number: the whole society.
        groups: Per group its members.
    """
    lexicon = lexicon_of(personas)
    words = [words_of(persona, lexicon) for persona in personas]
    spread = Counter(word for own in words for word in own)
    return tuple(
        _describe(
            [personas[member] for member in members],
            [words[member] for member in members],
            spread,
            len(personas),
        )
        for members in groups
    )


def _describe(
    members: Sequence[Persona],
    words: Sequence[tuple[str, ...]],
    spread: Counter[str],
    people: int,
) -> GroupTraits:
    ages = [member.age for member in members if member.age is not None]
    occupations = _most_frequent([work(member) for member in members])
    return GroupTraits(
        ages=(min(ages), max(ages)) if ages else None,
        regions=_most_frequent([member.region for member in members]),
        occupations=occupations,
        shared=_shared(words, spread, people, wording_of(members), told=occupations),
    )


def _most_frequent(values: Sequence[str]) -> tuple[str, ...]:
    """The most frequent values; the first to come wins a tie."""
    return tuple(value for value, _ in Counter(filter(None, values)).most_common(_MOST_LISTED))


def _shared(
    words: Sequence[tuple[str, ...]],
    spread: Counter[str],
    people: int,
    wording: Wording,
    told: Sequence[str],
) -> tuple[str, ...]:
    """The words that tell these people from the others: shared by many here, by few elsewhere."""
    size = len(words)
    having = Counter(word for own in words for word in own)
    enough = min(size, max(2, -(-2 * size // 5)))

    def telling(word: str) -> float:
        return having[word] * log((people + 1) / spread[word])

    candidates = [
        word
        for word, count in having.items()
        if count >= enough
        and (count == spread[word] or count * people >= _LIFT * spread[word] * size)
        and not any(wording.tells(known, word) for known in told)
    ]
    chosen: list[str] = []
    for word in sorted(candidates, key=lambda word: (-round(telling(word), 9), -len(word), word)):
        if len(chosen) == _MOST_SHARED:
            break
        if not any(wording.overlap(word, other) for other in chosen):
            chosen.append(word)
    return tuple(chosen)
