"""All rules over one text: what is found, and the text with placeholders in place of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from matrix_sim.personas.anonymise.contacts import find_emails, find_handles, find_links
from matrix_sim.personas.anonymise.finds import Find, Kind, resolved
from matrix_sim.personas.anonymise.folded import folded
from matrix_sim.personas.anonymise.name_parts import NamePart, name_parts
from matrix_sim.personas.anonymise.names import find_names
from matrix_sim.personas.anonymise.numbers import find_numbers
from matrix_sim.personas.anonymise.places import find_postal_codes, find_telephones

_FEWEST_CHECKED, _FEWEST_DIALLED, _FEWEST_POSTED = 12, 7, 2
"""Digits that a number with a check digit, a telephone number, a postal code has at least:
most texts have fewer, and need not be searched."""
_SEVERAL = re.compile(r"[,、;|\n]+|\s+/\s+|\s+(?=@)")
"""Between account names in one cell; a space alone may stand in what is no account name."""
_QUERY = re.compile(r"[?#].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a profile says its person is called. It is looked for, and never shown or kept."""

    name: str = field(default="", repr=False)
    """The name field as it is: perhaps with a reading, a romanisation, or what is on offer."""
    handles: tuple[str, ...] = field(default=(), repr=False)
    """Account names, with or without @."""


class Rules:
    """The rules for the texts of one person."""

    def __init__(self, known: KnownNames) -> None:
        self._parts: tuple[NamePart, ...] = name_parts(known.name)
        bare = (name for cell in known.handles for name in _bare(cell))
        self._handles = tuple(dict.fromkeys(bare))

    def finds(self, text: str) -> list[Find]:
        """What was found in `text`, in its order, nothing overlapping."""
        view = folded(text)
        found = (Find(*view.span(f.start, f.end), f.kind) for f in self._all(view.text))
        return resolved(found)

    def _all(self, text: str) -> Iterator[Find]:
        yield from find_emails(text)
        yield from find_links(text)
        yield from find_handles(text, self._handles)
        digits = sum(text.count(digit) for digit in "0123456789")
        if digits >= _FEWEST_CHECKED:
            yield from find_numbers(text)
        if digits >= _FEWEST_DIALLED:
            yield from find_telephones(text)
        if digits >= _FEWEST_POSTED:
            yield from find_postal_codes(text)
        yield from find_names(text, self._parts)


def replaced(text: str, finds: list[Find], words: Mapping[str, str]) -> tuple[str, Counter[Kind]]:
    """The text with a placeholder for each find, and how many of each kind there were."""
    pieces: list[str] = []
    counts: Counter[Kind] = Counter()
    end = 0
    for find in finds:
        pieces += (text[end : find.start], words[find.kind.value])
        counts[find.kind] += 1
        end = find.end
    pieces.append(text[end:])
    return "".join(pieces), counts


def _bare(cell: str) -> Iterator[str]:
    """The account names in a cell, without @, and without the address that one may be given as."""
    for piece in _SEVERAL.split(folded(cell).text):
        name = _QUERY.sub("", piece.strip()).rstrip("/").rpartition("/")[2].strip(" @")
        if name:
            yield name
        local = name.partition("@")[0]
        if local != name:  # of several servers: name@server
            yield local
