"""What a text must hold for a pattern to be found in it, read off the pattern.

A search for `(?:お知らせ|お聞かせ)[^。]{0,9}(?:ください|下さい)` is in vain in a text that has
neither of the first two, or neither of the last. Cox ("Regular Expression Matching with a Trigram
Index", 2012) finds the files that are worth a search so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

Demand = frozenset[str]
"""Needles, short strings, of which a text must hold one. ASCII letters are small in them,
whatever they are in the text."""
Way = frozenset[Demand]
"""Demands that must all be met."""
Ways = tuple[Way, ...]
"""Of which one must be open for a pattern to be found."""

LONGEST = 8
"""Characters of a needle."""
DEMANDS = 2
"""Of a way; the rarest are kept."""
ANYHOW: Ways = (frozenset(),)
_parser: Any = import_module("re._parser")
"""How Python itself reads patterns. The module is not public: what it tells that is not known here
is taken for a part that matches anything."""
_MOST_WAYS = 40
_MOST_STRINGS = 200
"""That a part of a pattern may be, and still be told one from the other."""
_ANY = "\0"
"""A letter that has cases and is not of ASCII; no needle holds it."""


class _Known(NamedTuple):
    """What is known of a part of a pattern."""

    exact: frozenset[str] | None
    """All strings that it may be; None where they are too many."""
    ways: Ways

    @property
    def all_ways(self) -> Ways:
        """With what the strings demand."""
        return self.ways if self.exact is None else _both(self.ways, _spelt(self.exact))


_ANYTHING = _Known(None, ANYHOW)
_NO_LETTER = frozenset(("",))
_PLACE = _Known(_NO_LETTER, ANYHOW)


def ways_of(*patterns: re.Pattern[str]) -> Ways:
    """How a text may be that all of the patterns are found in: one of the ways is open in it."""
    ways = ANYHOW
    for pattern in patterns:
        ways = _both(ways, _sequence(_parser.parse(pattern.pattern, pattern.flags)).all_ways)
    return ways


def _sequence(parts: Iterable[tuple[Any, Any]]) -> _Known:
    """One part after the other; strings that follow upon each other make longer ones."""
    strings, ways, whole = _NO_LETTER, ANYHOW, True
    for kind, value in parts:
        read = _READ.get(str(kind))
        known = read(value) if read else _ANYTHING
        ways = _both(ways, known.ways)
        if known.exact is not None and len(strings) * len(known.exact) <= _MOST_STRINGS:
            strings = frozenset(one + other for one in strings for other in known.exact)
        else:
            ways = _both(ways, _spelt(strings))
            strings, whole = known.exact or _NO_LETTER, False
    return _Known(strings, ways) if whole else _Known(None, _both(ways, _spelt(strings)))


def _branch(value: tuple[None, Sequence[Any]]) -> _Known:
    known = [_sequence(one) for one in value[1]]
    strings = [one.exact for one in known if one.exact is not None and one.ways == ANYHOW]
    exact = frozenset[str]().union(*strings)
    if len(strings) == len(known) and len(exact) <= _MOST_STRINGS:
        return _Known(exact, ANYHOW)
    every = [one.all_ways for one in known]
    if sum(map(len, every)) > _MOST_WAYS:
        every = [_at_once(ways) for ways in every]
    ways = tuple(dict.fromkeys(way for ways in every for way in ways))
    return _Known(None, ANYHOW if frozenset() in ways else ways)


def _set(value: Sequence[tuple[Any, Any]]) -> _Known:
    letters = set[str]()
    for kind, what in value:
        if str(kind) == "LITERAL":
            letters.add(_letter(what))
        elif str(kind) == "RANGE" and what[1] - what[0] < _MOST_STRINGS:
            letters.update(map(_letter, range(what[0], what[1] + 1)))
        else:  # a class, or all but these
            return _ANYTHING
    return _Known(frozenset(letters), ANYHOW)


def _repeat(value: tuple[int, int, Any]) -> _Known:
    least, most, what = value
    known = _sequence(what)
    if (least, most) == (0, 1):
        return _Known(None if known.exact is None else known.exact | _NO_LETTER, ANYHOW)
    return _Known(None, known.all_ways if least else ANYHOW)


_READ: dict[str, Callable[[Any], _Known]] = {
    "LITERAL": lambda value: _Known(frozenset((_letter(value),)), ANYHOW),
    "IN": _set,
    "BRANCH": _branch,
    "SUBPATTERN": lambda value: _sequence(value[3]),
    "ATOMIC_GROUP": _sequence,
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "POSSESSIVE_REPEAT": _repeat,
    "AT": lambda _: _PLACE,
    "ASSERT": lambda value: _Known(_NO_LETTER, _sequence(value[1]).all_ways),
    "ASSERT_NOT": lambda _: _PLACE,
}


def _letter(code: int) -> str:
    letter = chr(code)
    if letter.isascii():
        return letter.lower()
    return letter if letter.lower() == letter == letter.upper() else _ANY


def _spelt(strings: frozenset[str]) -> Ways:
    """One demand: the rarest piece of each string. None where a string has no piece."""
    needles = frozenset(min(_pieces(string), key=_share, default="") for string in sorted(strings))
    return ANYHOW if "" in needles else (frozenset((needles,)),)


def _pieces(string: str) -> Iterator[str]:
    """The needles in it, as long as they can be."""
    for run in filter(None, string.split(_ANY)):
        for start in range(max(1, len(run) - LONGEST + 1)):
            yield run[start : start + LONGEST]


def _both(some: Ways, others: Ways) -> Ways:
    """What demands one of the ways of each."""
    if some == ANYHOW or others == ANYHOW:
        return others if some == ANYHOW else some
    if len(some) * len(others) > _MOST_WAYS:
        some, others = sorted((some, others), key=len)
        some = _at_once(some)
    return tuple(dict.fromkeys(_rarest(one | other) for one in some for other in others))


def _at_once(ways: Ways) -> Ways:
    """One way with one demand, for many ways: the rarest demand of each, taken together."""
    if frozenset() in ways:
        return ANYHOW
    return (frozenset((frozenset[str]().union(*(min(way, key=_rank) for way in ways)),)),)


def _rarest(way: Way) -> Way:
    return frozenset(sorted(way, key=_rank)[:DEMANDS])


def _rank(demand: Demand) -> tuple[float, list[str]]:
    needles = sorted(demand)
    return sum(map(_share, needles)), needles


def _share(needle: str) -> float:
    """About how much of a text it is: a kanji is rarer than most pairs of hiragana."""
    share = 1.0
    for letter in needle:
        common = "ぁ" <= letter <= "ん" or letter in "。、\n"
        share *= 0.03 if common else 0.01 if letter < "一" else 0.002
    return share
