"""The small hand-written set in the package: for the demo, and to begin without any file.

It is in the format that `personas convert` writes, so a table without a mapping reads it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

NAME = "matrix-sim's own personas"
ATTRIBUTION = f"{NAME}, part of the package, Apache-2.0"


def builtin_file() -> AbstractContextManager[Path]:
    """The JSONL file of the set, for as long as the context lasts."""
    return as_file(files("matrix_sim.personas") / "data" / "builtin.ja.jsonl")
