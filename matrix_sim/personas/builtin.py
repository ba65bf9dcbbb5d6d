"""The small hand-written set in the package: for the demo, and to begin without any file."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

from matrix_sim.config import Language
from matrix_sim.errors import UsageError
from matrix_sim.personas.fields import Fields
from matrix_sim.personas.model import Persona
from matrix_sim.personas.rows import Row, Schema

ATTRIBUTION = "matrix-sim's own personas, part of the package, Apache-2.0"

SCHEMA = Schema(name="matrix-sim's own personas", key="id", columns=tuple(Persona.model_fields))


def builtin_file(language: Language) -> AbstractContextManager[Path]:
    """The JSONL file of the set in a language, for as long as the context lasts.

    Raises:
        UsageError: there is no set in that language.
    """
    file = files("matrix_sim.personas") / "data" / f"builtin.{language}.jsonl"
    if not file.is_file():
        raise UsageError(
            f"there is no built-in set of personas in '{language}'; "
            "set personas.source to 'sampler', or to a file of your own"
        )
    return as_file(file)


def read_persona(row: Row) -> tuple[Persona, int]:
    """The persona of a row, and how many characters of it had to be replaced.

    Raises:
        RowError: `id` or `description` is empty, or a field holds something of another kind.
    """
    fields = Fields(row)
    persona = Persona(
        id=fields.required_text("id"),
        name=fields.text("name"),
        age=fields.whole_number("age"),
        sex=fields.text("sex"),
        marital_status=fields.text("marital_status"),
        education=fields.text("education"),
        occupation=fields.text("occupation"),
        region=fields.text("region"),
        description=fields.required_text("description"),
        details=fields.listed("details"),
        interests=fields.listed("interests"),
        skills=fields.listed("skills"),
        posts=fields.listed("posts"),
    )
    return persona, fields.replaced
