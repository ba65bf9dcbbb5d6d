"""Signs: patterns that tell something about a passage, read from the tables in `data/`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from matrix_sim.language import Language
from matrix_sim.text import clip

_QUOTED = 60
"""Characters of a passage that a reason quotes."""
_OPTIONAL = ("cue", "unless")
_REFERENCE = re.compile("<([a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Sign:
    """One pattern and what it tells."""

    says: str
    """What the passage does, for reasons: "it calls somebody by name"."""
    cue: re.Pattern[str] | None
    """Words of which `match` needs one: quick to look for, and mostly not there."""
    match: re.Pattern[str]
    unless: re.Pattern[str] | None
    """Where this is found in the same text, the sign tells nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A sign, and where it was seen."""

    says: str
    passage: str

    @property
    def reason(self) -> str:
        """A sentence for people."""
        return f"{self.says}: '{quoted(self.passage)}'."


class Signs:
    """Several signs, the first that is seen counts."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self._signs = tuple(signs)

    def __iter__(self) -> Iterator[Sign]:
        return iter(self._signs)

    def find(self, text: str) -> Found | None:
        """The first sign that the text shows."""
        for sign in self._signs:
            if sign.cue and not sign.cue.search(text):
                continue
            seen = sign.match.search(text)
            if seen and not (sign.unless and sign.unless.search(text)):
                return Found(sign.says, seen[0])
        return None


class SignTable:
    """A file of words, patterns and signs; `<name>` in a pattern stands for an earlier one."""

    def __init__(self, content: Mapping[str, Any], flags: re.RegexFlag) -> None:
        parts: dict[str, str] = {}
        for name, line in content.get("words", {}).items():
            parts[name] = any_of(line.split())
        for name, text in content.get("patterns", {}).items():
            parts[name] = f"(?:{_filled(text, parts)})"
        self._parts = parts
        self._flags = flags
        self._groups = content.get("signs", {})

    def pattern(self, name: str) -> re.Pattern[str]:
        """A named pattern; one that the language has none of matches nothing."""
        return re.compile(self._parts.get(name, "(?!)"), self._flags)

    def signs(self, group: str) -> Signs:
        """The signs of a group, in the order of the file; none where the language has none."""
        return Signs([self._sign(row) for row in self._groups.get(group, ())])

    def _sign(self, row: Mapping[str, str]) -> Sign:
        cue, unless = (self._compiled(row[key]) if key in row else None for key in _OPTIONAL)
        return Sign(row["says"], cue, self._compiled(row["match"]), unless)

    def _compiled(self, text: str) -> re.Pattern[str]:
        return re.compile(_filled(text, self._parts), self._flags)


@cache
def sign_table(name: str, language: Language) -> SignTable:
    """The table `data/NAME.LANGUAGE.yaml`, read once a process."""
    text = (files("matrix_sim.quality") / "data" / f"{name}.{language}.yaml").read_text("utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # Japanese has no case, and a pattern that minds none is several times as slow.
    flags = re.NOFLAG if language == "ja" else re.IGNORECASE
    return SignTable(yaml.load(text, Loader=loader), flags)  # noqa: S506 - both are safe


def any_of(words: Sequence[str]) -> str:
    """The words as a group of a regular expression, the longest first."""
    return f"(?:{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})"


def quoted(passage: str) -> str:
    """A passage as reasons quote it: on one line, and clipped."""
    return clip(" ".join(passage.split()), _QUOTED)


def _filled(text: str, parts: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda reference: parts[reference[1]], text)
