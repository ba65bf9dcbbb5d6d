"""Profiles of a social network as personas: name, account names, description, past posts.

What is read here is plain personal data. It leaves this package only through
`matrix_sim.personas.anonymise`, and no message quotes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from matrix_sim.config.personas import FieldConfig, FieldsConfig
from matrix_sim.personas.anonymise import KnownNames
from matrix_sim.personas.fields import Fields
from matrix_sim.personas.model import Persona
from matrix_sim.personas.rows import Row, Schema

ATTRIBUTION = "profiles of your own, anonymised; see that you may use them"
_EXPECTED = ("name", "handle", "description", "posts")


@dataclass(frozen=True, slots=True)
class Profile:
    """A row as it was read, not yet anonymised."""

    persona: Persona = field(repr=False)
    known: KnownNames
    replaced: int
    """Unstorable characters that were replaced."""


def social_schema(fields: FieldsConfig) -> Schema:
    """The columns to read: the usual four, and what else `personas.fields` names."""
    columns = [
        column
        for name in FieldsConfig.model_fields
        if name in _EXPECTED or getattr(fields, name) is not None
        for column in _columns(fields, name)
    ]
    key = _columns(fields, "id" if fields.id is not None else "handle")[0]
    return Schema("social profiles", key, tuple(dict.fromkeys(columns)), private=True)


def read_profile(row: Row, mapping: FieldsConfig) -> Profile:
    """The profile of a row.

    Raises:
        RowError: there is no description, or a field holds something of another kind; the
            message names the field and never what it holds.
    """
    fields = Fields(row, quoting=False)

    def text(name: str) -> str:
        return " ".join(fields.texts(_columns(mapping, name)))

    def texts(name: str) -> tuple[str, ...]:
        return tuple(t for column in _columns(mapping, name) for t in fields.listed(column))

    fields.required_text(_columns(mapping, "description")[0])
    age = fields.whole_number(mapping.age.columns[0]) if mapping.age else None
    persona = Persona(
        id="-",  # the source's own is personal data
        age=age,
        sex=text("sex"),
        marital_status=text("marital_status"),
        education=text("education"),
        occupation=text("occupation"),
        region=text("region"),
        description=text("description"),
        details=texts("details") if mapping.details else (),
        interests=texts("interests") if mapping.interests else (),
        skills=texts("skills") if mapping.skills else (),
        posts=texts("posts"),
    )
    handles = fields.texts(_columns(mapping, "handle"))
    return Profile(persona, KnownNames(text("name"), handles), fields.replaced)


def _columns(fields: FieldsConfig, name: str) -> tuple[str, ...]:
    """Where an attribute stands; nowhere, for one that is neither usual nor named."""
    own: FieldConfig | None = getattr(fields, name)
    if own is not None:
        return own.columns
    return (name,) if name in _EXPECTED else ()
