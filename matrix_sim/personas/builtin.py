"""The small hand-written sets in the package, one a language: for the demo, and to begin with.

They are in the format that `personas convert` writes, so a table without a mapping reads them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

NAME = "matrix-sim's own personas"
ATTRIBUTION = f"{NAME}, part of the package, Apache-2.0"


def builtin_file(language: str) -> AbstractContextManager[Path]:
    """The JSONL file of the set in this language, for as long as the context lasts."""
    return as_file(files("matrix_sim.personas") / "data" / f"builtin.{language}.jsonl")
