"""What runs on and on where no sentence is: in code, tables, addresses, signs without a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby

from matrix_sim.quality.verdicts import quoted

_UNBROKEN = re.compile("[!-~]{80,}")
_UNIT = re.compile(r"([!-~]{2,24}?)\1{7,}$|([!-~]{2,24}?)\2{14,}")
"""What such a string of ASCII ends in, or has in it, again and again."""
_SAME_LINES, _SAME_ROWS, _SAME_EMPTY = 8, 3, 12
"""Lines in a row that are too many: of code, of a table, without a letter."""
_EMPTY_TABLE_LINE = re.compile(r"[|\s:+=-]*$")
_RULE_CELLS = 30
_PATTERNS_LINES = 12
"""Lines from which on code of two or three lines that take turns is a loop."""
_LOUD = frozenset("、。，．！？!?,;；")
_RULER = 120
"""Characters from which on even a ruler is too long."""


def is_too_often(unit: str, count: int, times: int) -> bool:
    """Whether signs or digits without a word follow upon themselves too often.

    Args:
        unit: what comes again, without a letter in it.
        count: how often.
        times: the limit for a phrase.
    """
    length = len(unit) * count
    if "\n" in unit:
        return bool(unit.strip()) and count >= 4 * times
    if "|" in unit:
        return count >= _RULE_CELLS
    if any(character.isdigit() for character in unit):
        return count >= (4 if len(unit) > 3 else 10) * times and length > 3 * _RULER // 4
    if _LOUD.intersection(unit) or any(map(_is_picture, unit)):
        return count >= (5 if len(unit) == 1 else 3) * times
    return length >= _RULER


def _is_picture(character: str) -> bool:
    return character >= "\U0001f000" or (
        "\u2600" <= character <= "\u27bf"
        and unicodedata.category(character) == "So"
        and character not in "☆★"
    )


def runs(text: str) -> Iterator[str]:
    """Addresses, tags and lines that come again at once."""
    for string in _UNBROKEN.finditer(text):
        unit = _UNIT.search(string[0])
        if unit is not None and any(c.isalpha() for c in unit[0]) and len(set(unit[0])) > 1:
            yield f"{quoted(unit[1] or unit[2])} follows upon itself"
    lines = text.split("\n")
    if len(lines) - len(set(lines)) >= _SAME_ROWS - 1:
        yield from _same_lines(lines)


def _same_lines(lines: list[str]) -> Iterator[str]:
    for line, group in groupby(lines):
        bare = line.strip()
        if not bare:
            continue
        count = sum(1 for _ in group)
        if count < _SAME_ROWS:
            continue
        is_row = bare.startswith("|") and any(c.isalpha() for c in bare)
        said = any(c.isalnum() for c in bare)
        if count >= (_SAME_ROWS if is_row else _SAME_LINES if said else _SAME_EMPTY):
            yield f"the line {quoted(bare)} comes {count} times in a row"
    rows = [line for line in lines if line.startswith("|") and any(map(str.isalpha, line))]
    if len(rows) - len(set(rows)) >= max(_SAME_ROWS, len(rows) / 2):
        yield f"half of the {len(rows)} rows of a table come again, such as {quoted(rows[-1])}"
    said_lines = [line for line in lines if any(c.isalpha() for c in line)]
    for period in (2, 3, 4):
        again = 0
        for place in range(period, len(said_lines)):
            again = again + 1 if said_lines[place] == said_lines[place - period] else 0
            if again >= max(_PATTERNS_LINES - period, 2 * period):
                yield f"the lines up to {quoted(said_lines[place])} come again and again"
                return
