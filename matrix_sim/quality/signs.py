"""Signs: patterns that tell something about a passage, read from the tables in `data/`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from operator import or_
from typing import Any

import yaml

from matrix_sim.language import Language
from matrix_sim.quality.needle_index import NeedleIndex
from matrix_sim.quality.needles import Ways, ways_of
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

    def seen_in(self, text: str) -> Found | None:
        """Where the text shows it."""
        if self.cue and not self.cue.search(text):
            return None
        seen = self.match.search(text)
        if not seen or (self.unless and self.unless.search(text)):
            return None
        return Found(self.says, seen[0])


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

    def __init__(self, signs: Sequence[Sign], index: NeedleIndex | None = None) -> None:
        self._index = index or NeedleIndex()
        self._signs = tuple((sign, self._index.add(_ways_of(sign))) for sign in signs)
        self._bits = reduce(or_, (bits for _, bits in self._signs), 0)

    def __iter__(self) -> Iterator[Sign]:
        return (sign for sign, _ in self._signs)

    def find(self, text: str, whole: str | None = None) -> Found | None:
        """The first sign that the text shows.

        Args:
            text: where it is looked for.
            whole: what the text is a part of, if there are several parts: it is then that which
                tells what signs there may be.
        """
        may = self._index.may_find(text if whole is None else whole) & self._bits
        if not may:
            return None
        for sign, bits in self._signs:
            found = sign.seen_in(text) if bits & may else None
            if found:
                return found
        return None


class Seeker:
    """A pattern that is only looked for where it may be found."""

    def __init__(self, pattern: re.Pattern[str], index: NeedleIndex) -> None:
        self._pattern = pattern
        self._index = index
        self._bits = index.add(ways_of(pattern))

    def search(self, text: str) -> re.Match[str] | None:
        """The first place of the text where it is found."""
        return self._pattern.search(text) if self._index.may_find(text) & self._bits else None


class SignTable:
    """A file of words, patterns and signs; `<name>` in a pattern stands for an earlier one."""

    def __init__(
        self, content: Mapping[str, Any], flags: re.RegexFlag, index: NeedleIndex | None = None
    ) -> None:
        self._index = index or NeedleIndex()
        parts: dict[str, str] = {}
        for name, line in content.get("words", {}).items():
            parts[name] = any_of(line.split())
        for name, text in content.get("patterns", {}).items():
            parts[name] = f"(?:{_filled(text, parts)})"
        self._parts = parts
        self._flags = flags
        self._groups = content.get("signs", {})
        self._made: dict[str, Signs] = {}
        self._seekers: dict[str, Seeker] = {}

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups of signs."""
        return tuple(self._groups)

    def pattern(self, name: str) -> re.Pattern[str]:
        """A named pattern; one that the language has none of matches nothing."""
        return re.compile(self._parts.get(name, "(?!)"), self._flags)

    def seeker(self, name: str) -> Seeker:
        """A named pattern that is searched for in whole messages."""
        if name not in self._seekers:
            self._seekers[name] = Seeker(self.pattern(name), self._index)
        return self._seekers[name]

    def signs(self, group: str) -> Signs:
        """The signs of a group, in the order of the file; none where the language has none."""
        if group not in self._made:
            signs = [self._sign(row) for row in self._groups.get(group, ())]
            self._made[group] = Signs(signs, self._index)
        return self._made[group]

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
    content = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe
    return SignTable(content, flags, needle_index(language))


@cache
def needle_index(language: Language) -> NeedleIndex:
    """One for all tables of a language: each text is looked at once."""
    return NeedleIndex()


def _ways_of(sign: Sign) -> Ways:
    return ways_of(*((sign.cue,) if sign.cue else ()), sign.match)


def any_of(words: Sequence[str]) -> str:
    """The words as a group of a regular expression, the longest first."""
    return f"(?:{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})"


def quoted(passage: str) -> str:
    """A passage as reasons quote it: on one line, and clipped."""
    return clip(" ".join(passage.split()), _QUOTED)


def _filled(text: str, parts: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda reference: parts[reference[1]], text)
