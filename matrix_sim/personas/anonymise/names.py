"""The rule for the person's own name, in the spellings that the profile gives reason to expect.

Occurrences of its parts are looked for; parts that stand together are the name beyond doubt,
a part alone is judged by what stands around it: 森さん is a person, 森の中 is a wood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matrix_sim.personas.anonymise.context import stands_alone
from matrix_sim.personas.anonymise.finds import Find, Kind
from matrix_sim.personas.anonymise.name_parts import NamePart, hiragana

_BETWEEN = frozenset(" .・･_-,'=")
_MOST_BETWEEN = 2
_SPACED = re.compile("[ ,]")


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    end: int
    parts: tuple[int, ...]
    """Which parts of the name stand there."""


def find_names(text: str, parts: Sequence[NamePart]) -> Iterator[Find]:
    """The person's name in `text`, which is folded."""
    if not parts:
        return
    plain = hiragana(text.lower())
    for place in _joined(plain, _occurrences(plain, parts)):
        if len(place.parts) == 1:
            found = stands_alone(text, place.start, place.end, parts[place.parts[0]])
        else:
            found = _separate(text, place, parts)
        if found:
            start = _with_initial(text, place, parts)
            end = _with_last_initial(text, place, parts)
            yield Find(start, end, Kind.NAME)


def _occurrences(plain: str, parts: Sequence[NamePart]) -> list[_Place]:
    """Where the parts stand; of those that overlap the first, and of those the longest."""
    found: list[_Place] = []
    for number, part in enumerate(parts):
        start = plain.find(part.plain)
        while start >= 0:
            found.append(_Place(start, start + len(part.plain), (number,)))
            start = plain.find(part.plain, start + 1)
    kept: list[_Place] = []
    for place in sorted(found, key=lambda p: (p.start, -p.end, p.parts)):
        if not kept or kept[-1].end <= place.start:
            kept.append(place)
    return kept


def _joined(plain: str, places: Sequence[_Place]) -> list[_Place]:
    """Different parts with nothing but a separator between them become one place."""
    joined: list[_Place] = []
    for place in places:
        last = joined[-1] if joined else None
        if (
            last is not None
            and place.parts[0] not in last.parts
            and place.start - last.end <= _MOST_BETWEEN
            and _BETWEEN.issuperset(plain[last.end : place.start])
        ):
            joined[-1] = _Place(last.start, place.end, last.parts + place.parts)
        else:
            joined.append(place)
    return joined


def _separate(text: str, place: _Place, parts: Sequence[NamePart]) -> bool:
    """Whether several parts are no piece of a longer Latin word, and no ordinary words."""
    before, after = text[place.start - 1 : place.start], text[place.end : place.end + 1]
    if _latin(text[place.start]) and _latin(before):
        return False
    if _latin(text[place.end - 1]) and _latin(after):
        return False
    words = not text[place.start].isupper() and _SPACED.search(text, place.start, place.end)
    return not (words and all(parts[n].careful and parts[n].latin for n in place.parts))


def _latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _with_initial(text: str, place: _Place, parts: Sequence[NamePart]) -> int:
    """Where the name begins if another part stands before it as an initial: "J. Smith"."""
    part = parts[place.parts[0]]
    if not part.latin or len(place.parts) > 1:
        return place.start
    head = text[max(0, place.start - 4) : place.start].rstrip(" ")
    bare = head.rstrip("._")
    letter, before = bare[-1:], bare[-2:-1]
    others = {p.plain[0] for n, p in enumerate(parts) if p.latin and n not in place.parts}
    if letter.lower() not in others or _latin(before) or (bare == head and not letter.isupper()):
        return place.start
    return text.rindex(letter, 0, place.start)


def _with_last_initial(text: str, place: _Place, parts: Sequence[NamePart]) -> int:
    """Where the name ends if another part follows as an initial: "John S."."""
    part = parts[place.parts[-1]]
    if not part.latin or len(place.parts) > 1:
        return place.end
    tail = text[place.end : place.end + 3]
    others = {p.plain[0] for n, p in enumerate(parts) if p.latin and n not in place.parts}
    if len(tail) == 3 and tail[0] in " _" and tail[2] == "." and tail[1].lower() in others:
        return place.end + 3
    if tail[:1] in ("_", ".") and tail[1:2].lower() in others and not tail[2:].isalpha():
        return place.end + 2
    return place.end
