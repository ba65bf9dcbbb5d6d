"""What an endpoint turns out to speak: how it is asked for structure, and how for a length.

Endpoints differ in what they know of the protocol and say so with a 4xx; each answer of that
kind leads to one simpler way to ask, until none is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from matrix_sim.llm.answer import Answer
from matrix_sim.llm.failures import complaint


class Structure(Enum):
    """How a structured reply is asked for, the surest way first."""

    SCHEMA = "schema"
    """`response_format` with the JSON schema."""
    JSON = "json"
    """`response_format` for any JSON object, the schema in the system message."""
    PROMPT = "prompt"
    """The schema in the system message alone."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to ask."""

    structure: Structure
    falls_back: bool
    """Whether a simpler structure may be tried: `structured: auto`."""
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"


_SIMPLER = {Structure.SCHEMA: Structure.JSON, Structure.JSON: Structure.PROMPT}

_ABOUT_STRUCTURE = (
    "response_format",
    "response format",
    "json_schema",
    "json_object",
    "json schema",
    "json mode",
    "guided",
    "grammar",
    "structured output",
)


def dialect_of(structured: Literal["auto", "schema", "json", "prompt"]) -> Dialect:
    """What `structured` of a model's configuration starts with."""
    if structured == "auto":
        return Dialect(Structure.SCHEMA, falls_back=True)
    return Dialect(Structure(structured), falls_back=False)


def simpler_dialect(dialect: Dialect, answer: Answer, *, structured: bool) -> Dialect | None:
    """The next way to ask, or None where the answer is about something else.

    Args:
        dialect: how it was asked.
        answer: what came back: an error, and none about the length of the prompt.
        structured: whether a schema was part of the question.
    """
    if answer.status not in (400, 422, 501):
        return None
    said = complaint(answer.body)
    if dialect.length_field == "max_tokens" and "max_completion_tokens" in said.message:
        # Reasoning models of OpenAI name the field that they want instead.
        return replace(dialect, length_field="max_completion_tokens")
    words = f"{said.message} {said.param}".lower()
    about_structure = any(word in words for word in _ABOUT_STRUCTURE)
    if structured and about_structure and dialect.falls_back and dialect.structure in _SIMPLER:
        return replace(dialect, structure=_SIMPLER[dialect.structure])
    return None
