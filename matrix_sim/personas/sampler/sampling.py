"""People without end: person k of a seed is a function of the seed, the language and k."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.language import Language
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.drawing import draw_life
from matrix_sim.personas.sampler.life import Life
from matrix_sim.personas.sampler.like_writing import write_likeness
from matrix_sim.personas.sampler.likeness import Recombination
from matrix_sim.personas.sampler.likeness_source import read_people
from matrix_sim.personas.sampler.writing import write_persona
from matrix_sim.randomness import named_random

_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
ATTRIBUTION = "made up by matrix-sim's sampler, Apache-2.0"


def personas_for(count: int, seed: int, language: Language, like: Path | None) -> Iterator[Persona]:
    """The first `count` people of a seed; like those of a file, if one is given.

    Raises:
        UsageError: the file cannot be read, or does not give so many different people.
    """
    if like is None:
        return sample_personas(count, seed, language)
    return recombine_personas(count, seed, language, read_people(like, language))


def sample_life(seed: int, number: int, language: Language) -> Life:
    """Person `number` (from 0) in attributes."""
    return draw_life(language, named_random(seed, f"sampled-life-{language}", str(number)))


def sample_persona(seed: int, number: int, language: Language) -> Persona:
    """Person `number` (from 0), written down."""
    words = named_random(seed, f"sampled-words-{language}", str(number))
    life = sample_life(seed, number, language)
    return write_persona(life, f"sampled-{language}-{seed}-{number:06d}", language, words)


def sample_personas(count: int, seed: int, language: Language) -> Iterator[Persona]:
    """The first `count` people of a seed, one at a time.

    A larger count begins with the same people: nothing depends on how many are asked for.
    """
    return (sample_persona(seed, number, language) for number in range(count))


def recombine_personas(
    count: int, seed: int, language: Language, source: Sequence[Persona]
) -> Iterator[Persona]:
    """The first `count` people that are like those of `source`, one at a time.

    A larger count begins with the same people. See `likeness` for what is mixed.

    Raises:
        UsageError: the source is described in another language, or does not give so many
            different people; the message says how many it gives.
    """
    _demand_language(source, language)
    recombination = Recombination(source, seed, language)
    return (
        write_likeness(
            like,
            f"like-{language}-{seed}-{number:06d}",
            language,
            named_random(seed, f"recombined-words-{language}", str(number)),
            recombination.names,
        )
        for number, like in enumerate(recombination.people(count))
    )


def _demand_language(source: Sequence[Persona], language: Language) -> None:
    """Attributes of one language do not go into sentences of another."""
    japanese = sum(bool(_JAPANESE.search(person.description)) for person in source)
    spoken = "ja" if japanese * 2 > len(source) else "en"
    if spoken != language:
        raise UsageError(
            f"the people to be recombined are described in '{spoken}', and the language asked for "
            f"is '{language}'; ask for '{spoken}' (--language, or 'language' in a config)"
        )
