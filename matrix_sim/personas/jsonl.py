"""Personas as JSONL: one object a line, with the fields of `Persona`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.personas.model import Persona


def persona_line(persona: Persona) -> str:
    """A persona as a line of JSON, with its end."""
    return json.dumps(persona.model_dump(mode="json"), ensure_ascii=False) + "\n"


def write_personas(personas: Iterable[Persona], path: Path) -> int:
    """Write personas to a file, which is replaced as a whole or not at all; returns how many.

    Raises:
        UsageError: the file cannot be written there.
    """
    beside = path.with_name(f"{path.name}.part")
    count = 0
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
