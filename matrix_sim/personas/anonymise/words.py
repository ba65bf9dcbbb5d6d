"""The word lists that rules look things up in: data, in the package's `data/words.json`."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files


@cache
def words(name: str) -> frozenset[str]:
    """A list as a set, for asking whether something is in it."""
    return frozenset(_lists()[name].split())


@cache
def alternatives(name: str) -> str:
    """A list as the inside of a regular expression: the longest first, all escaped."""
    return "|".join(re.escape(word) for word in sorted(words(name), key=lambda w: (-len(w), w)))


@cache
def _lists() -> dict[str, str]:
    text = (files("matrix_sim.personas.anonymise") / "data" / "words.json").read_text("utf-8")
    lists: dict[str, str] = json.loads(text)
    return lists
