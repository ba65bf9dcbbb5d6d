"""What an endpoint turns out to speak: how it is asked for structure, a length, a stream.

Endpoints differ in what they know of the protocol and say so with a 4xx; each answer of that
kind leads to one simpler way to ask, until none is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from matrix_sim.config import ModelConfig
from matrix_sim.llm.answer import Answer
from matrix_sim.llm.contracts import Request
from matrix_sim.llm.failures import complaint
from matrix_sim.llm.presets import Return, family_of


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
    stream: bool = False
    """Whether the reply is asked for in pieces."""
    usage_in_stream: bool = True
    """Whether `stream_options` asks for the usage of a stream."""
    thinking_back: Return = Return.FIELDS
    """How the thinking of an earlier reply goes along with it."""


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


def dialect_of(config: ModelConfig) -> Dialect:
    """What a model's configuration starts with."""
    auto = config.structured == "auto"
    return Dialect(
        Structure.SCHEMA if auto else Structure(config.structured),
        falls_back=auto,
        stream=config.stream,
        thinking_back=family_of(config.preset).goes_back,
    )


def simpler_dialect(dialect: Dialect, answer: Answer, request: Request) -> Dialect | None:
    """The next way to ask, or None where the answer is about something else.

    Args:
        dialect: how it was asked.
        answer: what came back: an error, and none about the length of the prompt.
        request: what was asked.
    """
    if answer.status not in (400, 422, 501):
        return None
    said = complaint(answer.body)
    if dialect.length_field == "max_tokens" and "max_completion_tokens" in said.message:
        # Reasoning models of OpenAI name the field that they want instead.
        return replace(dialect, length_field="max_completion_tokens")
    words = f"{said.message} {said.param}".lower()
    if dialect.stream and "stream" in words:
        # Without its options first: the thinking of ten minutes is safer in pieces.
        return replace(dialect, usage_in_stream=False, stream=dialect.usage_in_stream)
    if dialect.thinking_back is Return.FIELDS and _about_thinking(words, request):
        return replace(dialect, thinking_back=Return.INLINE)
    about_structure = request.schema is not None and any(word in words for word in _ABOUT_STRUCTURE)
    if about_structure and dialect.falls_back and dialect.structure in _SIMPLER:
        return replace(dialect, structure=_SIMPLER[dialect.structure])
    return None


def _about_thinking(words: str, request: Request) -> bool:
    sent = any(message.reasoning for message in request.messages)
    return sent and "reasoning" in words.replace("reasoning_effort", "")
