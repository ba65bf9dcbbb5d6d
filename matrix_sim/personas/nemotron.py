"""Rows in the schema of nvidia/Nemotron-Personas-Japan as personas.

The schema is that of the data set's card (September 2025): 22 columns, no name column, and two
columns that hold a list as the text of a Python list.
"""

from __future__ import annotations

from collections.abc import Mapping

from matrix_sim.personas.fields import Fields
from matrix_sim.personas.model import Persona
from matrix_sim.personas.names import find_name
from matrix_sim.personas.reader import ReadPersona
from matrix_sim.personas.rows import Row, Schema

ATTRIBUTION = (
    "nvidia/Nemotron-Personas-Japan (Fujita et al., NVIDIA, September 2025), CC BY 4.0, "
    "https://huggingface.co/datasets/nvidia/Nemotron-Personas-Japan"
)

_DETAILS = (
    "professional_persona",
    "career_goals_and_ambitions",
    "skills_and_expertise",
    "cultural_background",
    "hobbies_and_interests",
    "culinary_persona",
    "travel_persona",
    "arts_persona",
    "sports_persona",
)
"""What decides most of a person's days comes first: a prompt may cut the end off."""
_NAMED = (
    "persona",
    "professional_persona",
    "sports_persona",
    "arts_persona",
    "travel_persona",
    "culinary_persona",
)
"""The columns whose texts begin with the person's name."""
_PLACES = ("prefecture", "region", "area")
"""From the most precise to the least."""

SCHEMA = Schema(
    name="nvidia/Nemotron-Personas-Japan",
    columns=(
        "uuid",
        "persona",
        *_DETAILS,
        "skills_and_expertise_list",
        "hobbies_and_interests_list",
        "sex",
        "age",
        "marital_status",
        "education_level",
        "occupation",
        *_PLACES,
    ),
)
"""The columns that are read: all but `country`."""


class NemotronReader:
    """Reads rows of nvidia/Nemotron-Personas-Japan."""

    schema = SCHEMA
    uses: Mapping[str, tuple[str, ...]] = {
        "id": ("uuid",),
        "name": _NAMED,
        "age": ("age",),
        "sex": ("sex",),
        "marital_status": ("marital_status",),
        "education": ("education_level",),
        "occupation": ("occupation",),
        "region": _PLACES,
        "description": ("persona",),
        "details": _DETAILS,
        "interests": ("hobbies_and_interests_list",),
        "skills": ("skills_and_expertise_list",),
    }

    def key(self, row: Row) -> str:
        """The row's uuid; see `PersonaReader.key`."""
        return Fields(row).required_text("uuid")

    def read(self, row: Row) -> ReadPersona:
        """The persona of a row; see `PersonaReader.read`."""
        fields = Fields(row)
        named = Fields(row).texts(_NAMED)  # by a reader of its own: nothing is counted twice
        persona = Persona(
            id=fields.required_text("uuid"),
            name=find_name(named),
            age=fields.age("age"),
            sex=fields.text("sex"),
            marital_status=fields.text("marital_status"),
            education=fields.text("education_level"),
            occupation=fields.text("occupation"),
            region=next(iter(fields.texts(_PLACES)), ""),
            description=fields.required_text("persona"),
            details=fields.texts(_DETAILS),
            interests=fields.listed("hobbies_and_interests_list"),
            skills=fields.listed("skills_and_expertise_list"),
        )
        return ReadPersona(persona, fields.replaced)
