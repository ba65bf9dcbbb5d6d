"""The product's own source, for tests of how it is written."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@cache
def modules() -> Mapping[Path, ast.Module]:
    """Every module of the domain and of the command line, by its file."""
    files = sorted((CHECKOUT / "matrix_sim").rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}
