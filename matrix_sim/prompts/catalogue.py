"""Which prompt templates there are and what each may use: the contract with a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """What a template of some name has to be."""

    variables: tuple[str, ...]
    """Everything that it may use; the code that renders it passes exactly these."""
    chat: bool = False
    """Whether it has a system and a user part; otherwise it is one piece of text."""


SOCIETY_TEMPLATES: Mapping[str, TemplateSpec] = {
    "goal": TemplateSpec(("profile", "round", "previous", "memory"), chat=True),
    "act": TemplateSpec(
        (
            "profile",
            "goal",
            "memory",
            "recalled",
            "step",
            "observations",
            "mode",
        ),
        chat=True,
    ),
    "route": TemplateSpec(("members", "neighbours", "memory", "recalled", "actions"), chat=True),
    "summary": TemplateSpec(("actions",), chat=True),
    "condense": TemplateSpec(("items", "speaker"), chat=True),
    "repair": TemplateSpec(("error", "schema")),
    "json_instruction": TemplateSpec(("schema",)),
    "profile": TemplateSpec(("persona",)),
    "speaker": TemplateSpec(("persona",)),
    "group_description": TemplateSpec(("ages", "regions", "occupations", "shared")),
}
"""What the roles of a society use: their texts are part of a run's identity (S1)."""

ANONYMISE = "anonymise"

TEMPLATES: Mapping[str, TemplateSpec] = {
    **SOCIETY_TEMPLATES,
    ANONYMISE: TemplateSpec(("texts",), chat=True),
}
"""Every template that there is."""
