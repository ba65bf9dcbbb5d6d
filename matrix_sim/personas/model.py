"""A persona: an anonymised profile that an agent lives by."""

from __future__ import annotations

from typing import get_origin

from pydantic import BaseModel, ConfigDict, Field


class Persona(BaseModel):
    """One person, as the prompts see them. Everything in it is data, never template or code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    """Stable id from the source (the row's uuid)."""
    name: str = ""
    """As others address this person; empty where the source has none."""
    age: int | None = None
    sex: str = ""
    marital_status: str = ""
    education: str = ""
    occupation: str = ""
    region: str = ""
    """Where this person lives, as precise as the source says."""
    description: str = Field(min_length=1)
    """One paragraph on who this is."""
    details: tuple[str, ...] = ()
    """Further paragraphs: work, culture, food, travel, career."""
    interests: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    """Past posts, newest last."""


TEXTS = tuple(
    name
    for name, field in Persona.model_fields.items()
    if field.annotation is str and name not in ("id", "name")
)
"""The attributes that say something about the person in one text."""
LISTS = tuple(
    name for name, field in Persona.model_fields.items() if get_origin(field.annotation) is tuple
)
"""The attributes that hold several texts."""
