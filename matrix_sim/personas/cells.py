"""What a cell of a table says, whatever type the format gave it.

A CSV has no types, a data frame turns 3 into 3.0 where a neighbour is missing, and Parquet has
dates: the same thing must mean the same in all of them.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from matrix_sim.personas.lookup import MISSING, structure
from matrix_sim.text import clip

OLDEST = 130
"""Years; above that it is a code such as 999, and no age."""
_AGE = re.compile(
    r"満?\s*([0-9０-９]{1,9})(?:\.0+)?\s*(?:歳|才|(?:years?|yrs?\.?)(?:\s*old)?)?", re.IGNORECASE
)
_EXACT_IN_FLOAT = 1e15


class CellError(ValueError):
    """A cell that says nothing of the kind that is wanted."""

    def __init__(self, problem: str, reason: str) -> None:
        super().__init__(problem)
        self.reason = reason
        """The problem without what the cell holds."""


def text_of(value: object) -> str:
    """The cell as text: 3.0 as 3, dates as ISO 8601; empty if there is nothing.

    Raises:
        CellError: it is true or false, a list, an object, or bytes that are not UTF-8.
    """
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            pass  # "true" in a profile says nothing about anyone
        case int() | UUID():
            return str(value)
        case float():
            return _number(value)
        case Decimal():
            return "" if value.is_nan() else format(value, "f")
        case datetime():
            # A data frame has no dates, only midnights.
            midnight = value.time() == time() and value.tzinfo is None
            return value.date().isoformat() if midnight else value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                pass
    raise CellError(
        f"holds {_shown(value)}, which is no text; correct it or map another column",
        "is no text",
    )


def age_of(text: str) -> int:
    """An age in years, written 49, 49.0, 49歳 or 49 years old.

    Raises:
        CellError: it is something else, such as the band 40代, or nobody's age.
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise CellError(
            f"is {_shown(text)}, not a whole number of years; "
            "correct it, or map a column of age bands to 'details'",
            "is not a whole number of years",
        )
    age = int(found[1])
    if age > OLDEST:
        raise CellError(
            f"is {_shown(text)}, above {OLDEST} years; "
            "correct it, or leave the field empty where it is unknown",
            f"is above {OLDEST} years",
        )
    return age


def items_of(value: object, separator: str | None) -> list[object]:
    """The items of a list: a real one, or a text that holds one.

    Args:
        value: the cell.
        separator: what stands between the items of a text that is no JSON or Python list.

    Raises:
        CellError: it is no list.
    """
    if isinstance(value, list | tuple):
        return list(value)
    text = "" if value is None or value is MISSING else _text_or_nothing(value)
    if text is not None:
        text = text.strip()
        if not text:
            return []
        found = structure(text)
        if isinstance(found, list):
            return found
        if separator is not None:
            return list(text.split(separator))
    raise CellError(
        f"holds {_shown(value)}, which is no list; "
        "write it like ['料理', '散歩'], or name a separator in 'personas.fields'",
        "is no list",
    )


def paragraphs_of(value: object, separator: str | None) -> list[object]:
    """As `items_of`, but a text that is no list is one paragraph.

    Raises:
        CellError: it is neither text nor list.
    """
    if isinstance(value, list | tuple):
        return list(value)
    text = text_of(None if value is MISSING else value).strip()
    if not text:
        return []
    found = structure(text)
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        return found
    return list(text.split(separator)) if separator is not None else [text]


def _text_or_nothing(value: object) -> str | None:
    try:
        return text_of(value)
    except CellError:
        return None


def _number(value: float) -> str:
    if value != value:  # not a number is how data frames say that there is none
        return ""
    whole = value.is_integer() and abs(value) < _EXACT_IN_FLOAT
    return str(int(value)) if whole else repr(value)


def _shown(value: object) -> str:
    return clip(repr(value), 60)
