"""Personas as JSONL: the fields of `Persona`, one object a line; a table without any mapping."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from matrix_sim.errors import UsageError
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
    beside, count = path.with_name(f"{path.name}.part"), 0
    try:
        with beside.open("w", encoding="utf-8") as file:
            for persona in personas:
                file.write(persona_line(persona))
                count += 1
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); choose a folder that you can write to"
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return count
