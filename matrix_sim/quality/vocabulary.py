"""The word lists that checks look things up in: data, in the package's `data/vocabulary.json`."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files


@cache
def vocabulary(name: str) -> frozenset[str]:
    """A list as a set, for asking whether something is in it."""
    return frozenset(_lists()[name].split())


@cache
def any_of(name: str) -> str:
    """A list as the inside of a regular expression: the longest first; ~ stands for a space."""
    return "|".join(
        re.escape(w.replace("~", " ")) for w in sorted(vocabulary(name), key=lambda w: (-len(w), w))
    )


@cache
def _lists() -> dict[str, str]:
    text = (files("matrix_sim.quality") / "data" / "vocabulary.json").read_text("utf-8")
    lists: dict[str, str] = json.loads(text)
    return lists
