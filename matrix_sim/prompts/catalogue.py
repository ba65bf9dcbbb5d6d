"""Which prompt templates there are and what each may use: the contract with a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matrix_sim.messages import Goal, Observation, ScenarioAction
from matrix_sim.personas.model import Persona
from matrix_sim.quality.contracts import Turn
from matrix_sim.society.memory import MemoryItem


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """What a template of some name has to be."""

    variables: Mapping[str, Any]
    """Everything that it may use, each with its type; the code that renders it passes exactly
    these."""
    chat: bool = False
    """Whether it has a system and a user part; otherwise it is one piece of text."""


_Lines = tuple[str, ...]
_Memory = tuple[MemoryItem, ...]

SOCIETY_TEMPLATES: Mapping[str, TemplateSpec] = {
    "goal": TemplateSpec(
        {"profile": str, "round": int, "previous": Goal | None, "memory": _Memory}, chat=True
    ),
    "act": TemplateSpec(
        {
            "profile": str,
            "goal": Goal | None,
            "memory": _Memory,
            "recalled": _Memory,
            "step": str | None,
            "observations": tuple[Observation, ...],
            "mode": str,
        },
        chat=True,
    ),
    "route": TemplateSpec(
        {
            "members": tuple[tuple[str, str], ...],
            "neighbours": tuple[tuple[str, str], ...],
            "memory": _Lines,
            "recalled": _Lines,
            "actions": tuple[tuple[int, str, str, str, str], ...],
        },
        chat=True,
    ),
    "summary": TemplateSpec({"actions": tuple[ScenarioAction, ...]}, chat=True),
    "condense": TemplateSpec({"items": _Memory, "speaker": str}, chat=True),
    "repair": TemplateSpec({"error": str, "schema": str}),
    "json_instruction": TemplateSpec({"schema": str}),
    "profile": TemplateSpec({"persona": Persona}),
    "speaker": TemplateSpec({"persona": Persona}),
    "group_description": TemplateSpec(
        {
            "ages": tuple[int, int] | None,
            "regions": _Lines,
            "occupations": _Lines,
            "shared": _Lines,
        }
    ),
}
"""What the roles of a society use: their texts are part of a run's identity (S1)."""

_Situation: Mapping[str, Any] = {
    "profile": str,
    "goal": Goal | None,
    "did": _Lines,
    "seen": tuple[Observation, ...],
    "summary": str,
}
"""What the one who asks brings along; without a scenario `did`, `seen` and `summary` are empty."""
_Asked: Mapping[str, Any] = {
    **_Situation,
    "requirement": str | None,
    "complexity": str,
    "style": str,
}
"""`requirement` is None where anything will do."""
_Conversation = tuple[Turn, ...]

SYNTHESIS_TEMPLATES: Mapping[str, TemplateSpec] = {
    "instruction": TemplateSpec({**_Asked, "task": str}, chat=True),
    "code_instruction": TemplateSpec({**_Asked, "task": str, "code_language": str}, chat=True),
    "safety_instruction": TemplateSpec({**_Asked, "risk": str, "degree": str}, chat=True),
    "intent": TemplateSpec({**_Asked, "task": str}, chat=True),
    "user_turn": TemplateSpec(
        {
            "profile": str,
            "want": str,
            "satisfied_when": str,
            "style": str,
            "conversation": _Conversation,
            "move": str,
            "left": int,
            "may_end": bool,
        },
        chat=True,
    ),
    "assistant": TemplateSpec({}),
    "safety_assistant": TemplateSpec({}),
    "judge_pair": TemplateSpec(
        {"conversation": _Conversation, "first": str, "second": str}, chat=True
    ),
    "judge_row": TemplateSpec({"conversation": _Conversation}, chat=True),
}
"""What data sets are made with; each uses those of its kind (`matrix_sim.synthesis.kinds`)."""

FACETS_FILE = "facets.yaml"
"""Stands beside the templates: what requests may be like (`matrix_sim.synthesis.facets`)."""

ANONYMISE = "anonymise"
REASONING_LANGUAGE = "reasoning_language"

TEMPLATES: Mapping[str, TemplateSpec] = {
    **SOCIETY_TEMPLATES,
    **SYNTHESIS_TEMPLATES,
    ANONYMISE: TemplateSpec({"texts": tuple[str, ...]}, chat=True),
    REASONING_LANGUAGE: TemplateSpec({"language": str}),
}
"""Every template that there is."""
