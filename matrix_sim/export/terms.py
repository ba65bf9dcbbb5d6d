"""Whose work the people of a run are, and under which licence: said wherever rows go."""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.config import PersonasConfig
from matrix_sim.personas import builtin, nemotron

UNKNOWN = "unknown"
"""What the Hugging Face hub calls a licence that nobody knows."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Of the personas."""

    personas: str
    """Where they come from, in a few words; never a folder of somebody's machine."""
    attribution: str
    licence: str
    """As the Hugging Face hub abbreviates it."""


def terms_of(config: PersonasConfig) -> Terms:
    """The terms of the people that a config asks for; the source itself is not read."""
    match config.source:
        case "nemotron":
            return Terms(nemotron.SCHEMA.name, nemotron.ATTRIBUTION, "cc-by-4.0")
        case "builtin":
            return Terms(builtin.NAME, builtin.ATTRIBUTION, "apache-2.0")
        case "sampler":
            return _sampled(config)
        case "table":
            name = _place(config)
            return Terms(name, f"{name}; its owner's terms hold", UNKNOWN)
        case "social":
            profiles = "profiles with past posts, anonymised"
            return Terms(profiles, f"{profiles}; the terms of who gave them hold", UNKNOWN)


def _sampled(config: PersonasConfig) -> Terms:
    made_up = "matrix-sim's sampler"
    if config.like is None:
        return Terms(made_up, f"made up by {made_up}, Apache-2.0", "apache-2.0")
    like = f"made up by {made_up}; attributes from {config.like.name}, whose owner's terms hold"
    return Terms(f"{made_up}, like {config.like.name}", like, UNKNOWN)


def _place(config: PersonasConfig) -> str:
    if config.hub is not None:
        return f"{config.hub.id} of the Hugging Face hub"
    return config.path.name if config.path is not None else "a table"
