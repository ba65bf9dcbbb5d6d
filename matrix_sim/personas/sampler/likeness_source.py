"""The people of a file that `like` names: the package's own fields, or those of Nemotron."""

from __future__ import annotations

from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.personas import builtin, nemotron
from matrix_sim.personas.model import Persona
from matrix_sim.personas.rows import RowError, SourceError
from matrix_sim.personas.selection import choose_rows


def read_people(path: Path) -> tuple[Persona, ...]:
    """All people of a CSV, JSONL or Parquet file, or of a folder of such; they are held at once.

    Raises:
        UsageError: the file cannot be read, has the columns of neither, or a row is broken.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder to take people from")
    refused: list[str] = []
    for kind in (builtin, nemotron):
        try:
            chosen = choose_rows(path, kind.SCHEMA, None, seed=0)
        except (RowError, SourceError) as error:
            if "which the schema of" not in error.problem:
                raise
            refused.append(error.problem)
            continue
        return tuple(kind.read_persona(row)[0] for row in chosen.rows)
    raise UsageError(
        f"{path}: has neither the fields of this program's personas nor those of "
        f"{nemotron.SCHEMA.name}; {refused[0]}"
    )
