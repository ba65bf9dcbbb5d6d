"""Finds what stands at `profile.city` in a row."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Final

MISSING: Final = object()
"""Nothing stands there: not the same as an empty field."""
_MOST_LISTS = 32
"""How deep in lists of lists an object is looked for."""
_NOT_DECIMAL = re.compile("0[box]", re.IGNORECASE)
_NO_LITERAL = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def look_up(fields: Mapping[str, object], path: str) -> object:
    """What stands at `path`, or MISSING.

    A column of exactly that name comes first, so that names may hold dots. After that the longest
    name that the path begins with, and the rest is looked up inside of it: in an object, in each
    object of a list, or in a text that holds either as JSON or as a Python literal.
    """
    if path in fields:
        return fields[path]
    for head, rest in _cuts(path):
        if head in fields:
            found = _inside(fields[head], rest)
            if found is not MISSING:
                return found
    return MISSING


def structure(text: str) -> object:
    """The list or object that a text holds as JSON or as a Python literal; MISSING if it does not.

    `str(a_list)` is what pandas writes into a CSV, so both kinds are found in the wild.
    """
    text = text.strip()
    if not text.startswith(("[", "{")) or not text.endswith(("]", "}")):
        return MISSING
    simple = _simple_list(text)
    if simple is not None:
        return simple
    for parse in (json.loads, _literal):
        try:
            value: object = parse(text)
        except _NO_LITERAL:
            continue
        return value if isinstance(value, list | dict) else MISSING
    return MISSING


def _literal(text: str) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a stray backslash in somebody's text
        value: object = ast.literal_eval(text)
    if _NOT_DECIMAL.search(text):
        repr(value)  # 0xfff... may be read at any length but not written: ValueError
    return value


def _simple_list(text: str) -> list[str] | None:
    """A Python list of texts without escapes: some ten times as fast as `ast` is."""
    if not (text.startswith("['") and text.endswith("']")) or len(text) < 4:
        return None
    if "\\" in text or '"' in text or not text.isprintable():
        return None
    items = text[2:-2].split("', '")
    return None if any("'" in item for item in items) else items


def _cuts(path: str) -> Iterator[tuple[str, str]]:
    end = path.rfind(".")
    while end >= 0:
        yield path[:end], path[end + 1 :]
        end = path.rfind(".", 0, end)


def _inside(value: object, path: str, lists: int = 0) -> object:
    if isinstance(value, str):
        value = structure(value)
    if isinstance(value, Mapping):
        return look_up(value, path)
    if isinstance(value, list) and lists < _MOST_LISTS:
        found = [i for each in value if (i := _inside(each, path, lists + 1)) is not MISSING]
        return found if found else MISSING
    return MISSING
