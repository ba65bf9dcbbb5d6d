"""Rules for numbers with a check digit: My Number (12 digits) and payment cards (13 to 19)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matrix_sim.personas.anonymise.finds import Find, Kind
from matrix_sim.personas.anonymise.words import alternatives

_RUN = re.compile(
    r"(?<![0-9A-Za-z#$¥])(?<![0-9][-ー.])[0-9]+(?:[ ー-][0-9]+)*(?![0-9A-Za-z]|\.[0-9])"
)
"""Groups of digits with single hyphens or spaces between them."""
_GROUP = re.compile(r"[0-9]+")
_LABEL_BEFORE = re.compile(
    rf"(?:{alternatives('other_numbers')})[^0-9。.!?\n]{{0,8}}$", re.IGNORECASE
)
_LOOK_BACK = 24
_MY_NUMBER_GROUPS = ((12,), (4, 4, 4))
_CARD_DIGITS = range(13, 20)
_MOST_GROUPS = 6
_ISSUERS = re.compile(r"(?:[3-6]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)")
"""How card numbers begin (ISO/IEC 7812: travel, banking, merchandising)."""
_JAN = re.compile(r"(?:45|49)[0-9]{11}")


def find_numbers(text: str) -> Iterator[Find]:
    """Numbers whose check digit is right, unless a label before them says what else they are."""
    for run in _RUN.finditer(text):
        if sum(c.isdigit() for c in run[0]) < min(_CARD_DIGITS) - 1:
            continue
        if labelled_otherwise(text, run.start()):
            continue
        groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, run.start(), run.end())]
        if tuple(end - start for start, end in groups) in _MY_NUMBER_GROUPS:
            if is_my_number(_digits(text, groups)):
                yield Find(run.start(), run.end(), Kind.MY_NUMBER)
        else:
            yield from _cards(text, groups)


def labelled_otherwise(text: str, start: int) -> bool:
    """Whether the words right before `start` call the number an order's, a book's or the like."""
    return _LABEL_BEFORE.search(text, max(0, start - _LOOK_BACK), start) is not None


def is_my_number(digits: str) -> bool:
    """Whether 12 digits end in the check digit of the ordinance on individual numbers.

    Source: Article 5 of the Ministry of Internal Affairs and Communications' Order No. 85 of 2014.
    """
    weighted = sum(
        int(digit) * (n + 1 if n <= 6 else n - 5)
        for n, digit in enumerate(reversed(digits[:11]), start=1)
    )
    rest = weighted % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def is_card(digits: str) -> bool:
    """Whether the digits begin like a payment card and satisfy Luhn (ISO/IEC 7812-1)."""
    if not _ISSUERS.match(digits) or len(set(digits)) == 1:
        return False
    doubled = (
        int(digit) if place % 2 == 0 else int(digit) * 2 - 9 * (int(digit) > 4)
        for place, digit in enumerate(reversed(digits))
    )
    return sum(doubled) % 10 == 0 and not _is_jan(digits)


def _is_jan(digits: str) -> bool:
    """Whether this is a Japanese article number (13 digits with the check digit of an EAN)."""
    if not _JAN.fullmatch(digits):
        return False
    return sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(digits)) % 10 == 0


def _cards(text: str, groups: list[tuple[int, int]]) -> Iterator[Find]:
    """Cards among neighbouring groups, such as a card with its expiry year right after it."""
    first = 0
    while first < len(groups):
        for last in range(min(len(groups), first + _MOST_GROUPS), first, -1):
            window = groups[first:last]
            digits = _digits(text, window)
            if len(digits) in _CARD_DIGITS and is_card(digits):
                yield Find(window[0][0], window[-1][1], Kind.CARD)
                first = last - 1
                break
        first += 1


def _digits(text: str, groups: list[tuple[int, int]]) -> str:
    return "".join(text[start:end] for start, end in groups)
