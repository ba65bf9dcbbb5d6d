"""A persona: an anonymised profile that an agent lives by."""

from __future__ import annotations

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
