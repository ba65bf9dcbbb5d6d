"""Personas as JSONL: the fields of `Persona`, one object a line; a table without any mapping."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from matrix_sim.export.atomic import fill_file
from matrix_sim.personas.model import Persona


def persona_line(persona: Persona) -> str:
    """A persona as a line of JSON, with its end."""
    return persona.model_dump_json() + "\n"


def export_personas(personas: Iterable[Persona], path: Path) -> int:
    """Write personas in their order; returns how many.

    Args:
        personas: whom to write.
        path: replaced as a whole, or not at all.

    Raises:
        UsageError: the file cannot be written there.
    """
    count = 0

    def fill(file: BinaryIO) -> None:
        nonlocal count
        for persona in personas:
            file.write(persona_line(persona).encode())
            count += 1

    fill_file(path, fill)
    return count
