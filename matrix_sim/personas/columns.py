"""What the columns of a sample of rows hold: for people, and to guess what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from matrix_sim.personas.lookup import MISSING, look_up, structure
from matrix_sim.personas.table_columns import paths_of
from matrix_sim.text import clip

_EXAMPLE_CHARACTERS = 48
_SEPARATORS = ("、", ",", "，", ";", "；", "|", "/", "・", "\n")


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a path into one, as the sample shows it."""

    name: str
    kind: str
    """What it holds, in words."""
    filled: float
    """Share of the rows that have something there, 0 to 1."""
    characters: float
    """Mean length of what is there as text; 0 for what is no text."""
    separator: str | None
    """What seems to stand between the items of its texts, if they hold several."""
    example: str
    """The first that is there, clipped."""

    @property
    def holds_lists(self) -> bool:
        """Whether it can be read as a list without a separator."""
        return self.kind in ("list", "text that holds a list")


def columns_of(rows: Sequence[Mapping[str, object]]) -> tuple[Column, ...]:
    """The columns of these rows and what stands inside of them, in the order of their coming."""
    samples: dict[str, _Sample] = {}
    for fields in rows:
        for path in dict.fromkeys(paths_of(fields)):
            samples.setdefault(path, _Sample()).add(look_up(fields, path))
    return tuple(sample.column(path, len(rows)) for path, sample in samples.items())


@dataclass(slots=True)
class _Sample:
    """What was seen of one column."""

    kinds: dict[str, None] = field(default_factory=dict)
    filled: int = 0
    characters: int = 0
    separators: dict[str, int] = field(default_factory=dict)
    example: str = ""

    def add(self, value: object) -> None:
        if not _is_filled(value):
            return
        self.filled += 1
        self.kinds[_kind(value)] = None
        if not self.example:
            shown = value if isinstance(value, str) else str(value)
            self.example = clip(" ".join(shown.split()), _EXAMPLE_CHARACTERS)
        if isinstance(value, str):
            self.characters += len(value)
            for separator in _SEPARATORS:
                if separator in value:
                    self.separators[separator] = self.separators.get(separator, 0) + 1

    def column(self, name: str, rows: int) -> Column:
        most = max(self.separators, key=lambda each: self.separators[each], default=None)
        return Column(
            name=name,
            kind=" or ".join(self.kinds) or "nothing",
            filled=self.filled / rows,
            characters=self.characters / max(1, self.filled),
            separator=most,
            example=self.example,
        )


def _is_filled(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if value is None or value is MISSING or value != value:
        return False
    return value not in ([], {})


def _kind(value: object) -> str:
    match value:
        case str():
            held = structure(value)
            if held is MISSING:
                return "text"
            return "text that holds a list" if isinstance(held, list) else "text that holds objects"
        case bool():
            return "true or false"
        case int():
            return "whole number"
        case float() | Decimal():
            return "number"
        case date() | time():
            return "date or time"
        case list() | tuple():
            return "list"
        case Mapping():
            return "object"
    return type(value).__name__
