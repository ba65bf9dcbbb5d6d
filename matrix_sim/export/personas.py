"""Personas as JSONL: the fields of `Persona`, one object a line; a table without any mapping."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from matrix_sim.personas.model import Persona


def export_personas(personas: Iterable[Persona], path: Path) -> None:
    """Write personas in their order.

    Args:
        personas: whom to write.
        path: replaced as a whole, or not at all.
    """
    beside = path.with_name(f"{path.name}.part")
    with beside.open("wb") as file:
        for persona in personas:
            file.write(persona.model_dump_json().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
