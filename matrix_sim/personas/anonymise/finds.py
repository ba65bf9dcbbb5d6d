"""What a rule finds, and which finds hold where several rules claim the same characters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a find is; in the order in which rules go before others for a find of equal length."""

    EMAIL = "email"
    URL = "url"
    HANDLE = "handle"
    CARD = "card"
    MY_NUMBER = "my_number"
    PHONE = "phone"
    POSTAL_CODE = "postal_code"
    NAME = "name"


_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Find:
    """Where something stands in a text; it never holds what stands there."""

    start: int
    end: int
    kind: Kind


def resolved(finds: Iterable[Find]) -> list[Find]:
    """Those finds that hold, in the order of the text: the longest first, then by rule.

    What is left over of a shorter find that overlaps with a longer one still holds: no
    character that any rule claimed stays in the text.
    """
    held: list[Find] = []
    for find in sorted(finds, key=lambda f: (f.start - f.end, _ORDER[f.kind], f.start)):
        first = bisect_right(held, find.start, key=lambda other: other.end)
        last = bisect_left(held, find.end, key=lambda other: other.start)
        held[first:last] = _filled(find, held[first:last])
    return held


def _filled(find: Find, others: Sequence[Find]) -> list[Find]:
    """`others`, which overlap with `find` and stand in order, and what of it they leave over."""
    pieces: list[Find] = []
    start = find.start
    for other in others:
        if start < other.start:
            pieces.append(Find(start, other.start, find.kind))
        pieces.append(other)
        start = other.end
    if start < find.end:
        pieces.append(Find(start, find.end, find.kind))
    return pieces
