"""What stands in a text in place of what was found, by language: the package's data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from matrix_sim.errors import UsageError


@cache
def placeholders(language: str) -> Mapping[str, str]:
    """By the name of the kind.

    Raises:
        UsageError: there are none in this language.
    """
    file = files("matrix_sim.personas.anonymise") / "data" / "placeholders.json"
    tables: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))
    if language not in tables:
        raise UsageError(
            f"nothing can be anonymised in language {language!r}, only in: {', '.join(tables)}"
        )
    return tables[language]
