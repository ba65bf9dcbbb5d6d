"""What a rule finds, and which finds hold where several rules claim the same characters."""

from __future__ import annotations

from collections.abc import Iterable
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
        held.extend(_left_of(find, held))
    return sorted(held, key=lambda find: find.start)


def _left_of(find: Find, held: Iterable[Find]) -> list[Find]:
    """The parts of `find` that no other claims yet."""
    parts = [find]
    for other in held:
        parts = [piece for part in parts for piece in _without(part, other)]
    return parts


def _without(find: Find, other: Find) -> list[Find]:
    if other.end <= find.start or find.end <= other.start:
        return [find]
    left = [Find(find.start, other.start, find.kind)] if find.start < other.start else []
    right = [Find(other.end, find.end, find.kind)] if other.end < find.end else []
    return left + right
