"""People without end: person k of a seed is a function of the seed, the language and k."""

from __future__ import annotations

from collections.abc import Iterator

from matrix_sim.config.run import Language
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.drawing import draw_life
from matrix_sim.personas.sampler.life import Life
from matrix_sim.personas.sampler.writing import write_persona
from matrix_sim.randomness import named_random


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
