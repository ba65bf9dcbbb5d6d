"""Rows in the schema of nvidia/Nemotron-Personas-Japan as personas.

The schema is that of the data set's card (September 2025): 22 columns, no name column, and two
columns that hold a list as the text of a Python list.
"""

from __future__ import annotations

from matrix_sim.personas.fields import Fields
from matrix_sim.personas.model import Persona
from matrix_sim.personas.names import find_name
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
    key="uuid",
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


def read_persona(row: Row) -> tuple[Persona, int]:
    """The persona of a row, and how many characters of it had to be replaced.

    Raises:
        RowError: `uuid` or `persona` is empty, or a field holds something of another kind.
    """
    fields = Fields(row)
    named = Fields(row).texts(_NAMED)  # by a reader of its own, so that nothing is counted twice
    persona = Persona(
        id=fields.required_text("uuid"),
        name=find_name(named),
        age=fields.whole_number("age"),
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
    return persona, fields.replaced
