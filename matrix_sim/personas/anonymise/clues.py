"""What a model says identifies a person, and the persona without it.

The model only points at words; the text is changed here, and nowhere but where those words stand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from matrix_sim.personas.anonymise.persona import rewritten, texts_of
from matrix_sim.personas.model import Persona

ClueKind = Literal["address", "employer", "school", "person", "vehicle", "other"]

_LONGEST = 80
"""Characters; what is longer is a sentence and no clue."""
_TOO_COMMON = re.compile(r".?|[\u3041-\u3096]{1,3}|[A-Za-z]{1,2}|[0-9]{1,3}", re.DOTALL)
"""Single characters, particles, small numbers: they would be blanked out all over the text."""


class Clue(BaseModel):
    """Words that give the person away."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str = Field(repr=False)
    kind: ClueKind


class Clues(BaseModel):
    """A reply of the anonymiser."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    found: list[Clue]


@dataclass(frozen=True, slots=True)
class WithoutClues:
    """A persona as the model's pass leaves it."""

    persona: Persona
    counts: Mapping[str, int]
    """How many places were replaced, by kind of clue."""
    unknown: int
    """Clues of no use: not to be found as they were spelt, or too long or too common."""


def without_clues(
    persona: Persona, clues: Sequence[Clue], words: Mapping[str, str]
) -> WithoutClues:
    """Replace each clue that occurs by the placeholder of its kind.

    Args:
        persona: as the rules left it.
        clues: what the model said.
        words: placeholders by kind; where one stands already, nothing is changed.
    """
    kinds: dict[str, str] = {}
    for clue in clues:
        kinds.setdefault(clue.text.strip(), clue.kind)
    texts = list(texts_of(persona))
    found = [clue for clue in kinds if _usable(clue) and any(clue in text for text in texts)]
    pattern = _pattern(found, words)
    counts: Counter[str] = Counter()

    def placeholder(match: re.Match[str]) -> str:
        kind = kinds.get(match[0])
        if match.lastgroup == "placeholder" or kind is None:
            return match[0]
        counts[kind] += 1
        return words[kind]

    cleaned = rewritten(persona, lambda text: pattern.sub(placeholder, text))
    return WithoutClues(cleaned, dict(sorted(counts.items())), len(kinds) - len(found))


def _usable(clue: str) -> bool:
    return len(clue) <= _LONGEST and _TOO_COMMON.fullmatch(clue) is None


def _pattern(clues: Sequence[str], words: Mapping[str, str]) -> re.Pattern[str]:
    """Placeholders first, so that nothing inside one is touched; then the longest clue."""
    fixed = "|".join(re.escape(word) for word in words.values())
    longest_first = sorted(clues, key=lambda clue: (-len(clue), clue))
    return re.compile("|".join([f"(?P<placeholder>{fixed})", *map(_bounded, longest_first)]))


def _bounded(clue: str) -> str:
    """The clue as a pattern that does not begin or end within a Latin word or a number."""
    return "".join(_edges(clue))


def _edges(clue: str) -> Iterator[str]:
    if clue[0].isascii() and clue[0].isalnum():
        yield "(?<![A-Za-z0-9])"
    yield re.escape(clue)
    if clue[-1].isascii() and clue[-1].isalnum():
        yield "(?![A-Za-z0-9])"
