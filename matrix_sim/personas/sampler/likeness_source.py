"""The people of a file that `like` names: the package's own fields, or those of Nemotron."""

from __future__ import annotations

from pathlib import Path

from matrix_sim.config import PersonasConfig
from matrix_sim.language import Language
from matrix_sim.personas.inspection import detected, first_columns
from matrix_sim.personas.loading import load_personas
from matrix_sim.personas.model import Persona


def read_people(path: Path, language: Language) -> tuple[Persona, ...]:
    """All people of a CSV, JSONL or Parquet file, or of a folder of such; they are held at once.

    Raises:
        UsageError: the file cannot be read, has the columns of neither, or a row is broken.
    """
    as_table = PersonasConfig(source="table", path=path.absolute())
    source = detected(first_columns(as_table, Path()))
    config = as_table.model_copy(update={"source": source})
    return load_personas(config, seed=0, base_dir=Path(), language=language).personas
