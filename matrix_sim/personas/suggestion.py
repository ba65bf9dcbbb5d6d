"""Guesses which columns fill which attribute, by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from matrix_sim.config.personas import FieldConfig
from matrix_sim.personas.columns import Column
from matrix_sim.personas.model import LISTS

_LISTED = ("interests", "skills")
"""Where a text without a separator is refused, and is no paragraph."""
_LONG = 20
"""Mean characters from which on texts may describe a person."""
_APART = re.compile(r"[\s_\-./@]+")


def suggest(
    columns: Sequence[Column], uses: Mapping[str, tuple[str, ...]], attributes: Collection[str]
) -> dict[str, FieldConfig]:
    """Entries for `personas.fields`: a guess for each attribute that is not filled yet.

    A column is used once. Where no name speaks of a description, the column with the longest texts
    stands in.

    Args:
        columns: what there is.
        uses: by attribute that is filled: the columns that fill it.
        attributes: that can be filled; account names only where they are looked for.
    """
    known: Mapping[str, list[str | list[str]]] = json.loads(
        (files("matrix_sim.personas") / "data" / "column_names.json").read_text("utf-8")
    )
    free = {c.name: c for c in columns if c.filled > 0}
    for taken in uses.values():
        _take(free, taken)
    found: dict[str, FieldConfig] = {}
    for attribute, alternatives in known.items():
        if attribute in attributes and attribute not in uses:
            fit = [column for column in free.values() if _may_be(attribute, column)]
            matching = _matching(alternatives, fit)
            if matching:
                found[attribute] = _entry(attribute, matching)
                _take(free, found[attribute].columns)
    if "description" not in uses and "description" not in found:
        texts = [column for column in free.values() if column.kind == "text"]
        longest = max(texts, key=lambda column: column.characters, default=None)
        if longest is not None and longest.characters >= _LONG:
            found["description"] = _entry("description", [longest])
    return found


def as_config(entries: Mapping[str, FieldConfig]) -> dict[str, Any]:
    """The entries in their short forms, as one would write them into a config."""
    return {name: _short(entry) for name, entry in entries.items()}


def _short(entry: FieldConfig) -> Any:
    columns = list(entry.columns)
    if entry.separator is not None:
        return {"columns": columns, "separator": entry.separator}
    return columns[0] if len(columns) == 1 else columns


def _take(free: dict[str, Column], names: Iterable[str]) -> None:
    for name in names:
        free.pop(name, None)


def _may_be(attribute: str, column: Column) -> bool:
    if column.kind in ("object", "text that holds objects", "true or false", "nothing"):
        return False
    return attribute in LISTS or not column.holds_lists


def _matching(alternatives: Sequence[str | list[str]], columns: Sequence[Column]) -> list[Column]:
    """The columns of the first alternative that is there, whole names before last parts."""
    whole = {_plain(column.name): column for column in reversed(columns)}
    last = {_plain(column.name.rsplit(".", 1)[-1]): column for column in reversed(columns)}
    for by_name in (whole, last):
        for alternative in alternatives:
            parts = [alternative] if isinstance(alternative, str) else alternative
            found = [by_name[_plain(part)] for part in parts if _plain(part) in by_name]
            if len(found) == len(parts):
                return found
    return []


def _entry(attribute: str, columns: Sequence[Column]) -> FieldConfig:
    separator = None
    if attribute in _LISTED and not all(column.holds_lists for column in columns):
        separator = next((c.separator for c in columns if c.separator), ",")
    return FieldConfig(columns=tuple(c.name for c in columns), separator=separator)


def _plain(name: str) -> str:
    return _APART.sub("", name).casefold()
