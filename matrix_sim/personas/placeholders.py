"""What stands in a text in place of what was found, by language: the package's data."""

from __future__ import annotations

import json
import re
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
    tables = _tables()
    if language not in tables:
        raise UsageError(
            f"nothing can be anonymised in language {language!r}, only in: {', '.join(tables)}"
        )
    return tables[language]


def without_placeholders(text: str) -> str:
    """The text with a space for each placeholder of any language: they say nothing of anybody."""
    return _any_placeholder().sub(" ", text) if "[" in text or "［" in text else text


@cache
def _any_placeholder() -> re.Pattern[str]:
    words = dict.fromkeys(word for table in _tables().values() for word in table.values())
    return re.compile("|".join(map(re.escape, words)))


@cache
def _tables() -> dict[str, dict[str, str]]:
    file = files("matrix_sim.personas") / "data" / "placeholders.json"
    tables: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))
    return tables
