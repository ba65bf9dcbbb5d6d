"""Rules for telephone numbers and postal codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matrix_sim.personas.anonymise.finds import Find, Kind
from matrix_sim.personas.anonymise.numbers import labelled_otherwise
from matrix_sim.personas.anonymise.words import alternatives

_GAP = r"(?: ?[-ー.・](?: |\r?\n)?| ?\( ?| ?\) ?-?| )"
"""Between two groups of a telephone number."""
_BEFORE = r"(?<![0-9A-Za-z#$¥])(?<![0-9][-ー.])"
_AFTER = r"(?![0-9]|[-ー.][0-9]|(?!ext|x[0-9])[A-Za-z]|円|個|件|人|歳|年)"
_SHAPES = (
    # Japan: mobile and IP, free of charge, fixed lines.
    rf"\(?0[5-9]0\)?{_GAP}?[0-9]{{4}}{_GAP}?[0-9]{{4}}",
    rf"\(?(?:0120|0570|0990)\)?{_GAP}?(?:[0-9]{{3}}{_GAP}?[0-9]{{3}}|[0-9]{{2}}{_GAP}?[0-9]{{4}})",
    rf"\(?0800\)?{_GAP}?[0-9]{{3}}{_GAP}?[0-9]{{4}}",
    rf"\(?0[1-9][0-9]{{0,3}}\)?{_GAP}[0-9]{{1,4}}{_GAP}[0-9]{{4}}",
    r"0[1-9][0-9]{8}",
    # With a country code.
    rf"(?:\+|00){_GAP}?[1-9][0-9]{{0,2}}(?:{_GAP}?\(0\))?(?:{_GAP}?[0-9]{{1,4}}){{2,6}}",
    # United Kingdom, North America.
    rf"\(?0[1237][0-9]{{2,3}}\)?{_GAP}[0-9]{{3}}{_GAP}?[0-9]{{3,4}}",
    rf"(?:\+?1{_GAP})?\(?[2-9][0-9]{{2}}\)?{_GAP}[2-9][0-9]{{2}}{_GAP}[0-9]{{4}}",
)
_TELEPHONE = re.compile(f"{_BEFORE}(?:{'|'.join(f'({shape})' for shape in _SHAPES)}){_AFTER}")
_LENGTHS = ((11,), (10,), (11,), (10, 11), (10,), tuple(range(8, 17)), (10, 11), (10, 11))
"""How many digits a number of each shape may have."""
_LABELLED = re.compile(
    rf"(?:{alternatives('telephone_labels')})[^0-9\n]{{0,12}}"
    r"(\(?[0-9]{2,5}\)?(?:[-ー.・ ()]{1,2}[0-9]{1,4}){1,3}|[0-9]{9,11})"
    r"(?![0-9A-Za-z]|[-.:,/][0-9])",
    re.IGNORECASE,
)
_LABELLED_DIGITS = range(7, 12)
_TIME_OR_DATE = re.compile(r"(?:19|20)[0-9]{2}[-.][01]?[0-9][-.][0-3]?[0-9]$")

_REGION = r"(?:東京都|北海道|(?:大阪|京都)府|[一-龠]{2,3}県|[一-龠ぁ-んァ-ヶ]{1,6}[市区郡町村])"
_JAPANESE_CODE = re.compile(
    rf"〒\s?[0-9]{{3}}\s?[-ー]?\s?[0-9]{{4}}(?![0-9])"
    rf"|{_BEFORE}[0-9]{{3}}[-ー][0-9]{{4}}(?=[\s、,:：]{{0,3}}{_REGION})"
)
_LABELLED_CODE = re.compile(
    rf"(?:{alternatives('postal_labels')})[はが]?\s?[:：]?\s?"
    r"([0-9]{3}\s?[-ー]?\s?[0-9]{4})(?![0-9]|[-ー][0-9])"
)
_ZIP = re.compile(
    rf"(?<![A-Za-z])(?:{alternatives('us_states')}),?\s+([0-9]{{5}}(?:-[0-9]{{4}})?)(?![0-9-])"
    r"|\b(?:zip|ZIP|Zip)(?:\s?code)?(?:\s?is)?\s?:?\s?([0-9]{5}(?:-[0-9]{4})?)(?![0-9-])"
)
_CAPITAL = re.compile("[A-Z]")
_UK = re.compile(
    rf"(?<![A-Za-z0-9])(?:{alternatives('uk_postcode_areas')})[0-9][A-Z0-9]?\s?"
    r"[0-9](?!GB|TB|HP|PX)[ABD-HJLNP-UW-Z]{2}(?![A-Za-z0-9])"
)


def find_telephones(text: str) -> Iterator[Find]:
    """Telephone numbers: of Japan, North America and Britain, and any with a country code."""
    for match in _TELEPHONE.finditer(text):
        shape = next(n for n, group in enumerate(match.groups()) if group is not None)
        digits = _digits(match[0])
        if digits in _LENGTHS[shape] and not labelled_otherwise(text, match.start()):
            start, end = _bracketed(text, match.start(), match.end())
            yield Find(start, end, Kind.PHONE)
    for match in _LABELLED.finditer(text):
        if _digits(match[1]) in _LABELLED_DIGITS and not _TIME_OR_DATE.match(match[1]):
            yield Find(match.start(1), match.end(1), Kind.PHONE)


def find_postal_codes(text: str) -> Iterator[Find]:
    """Postal codes where something around them says that they are."""
    for match in _JAPANESE_CODE.finditer(text):
        yield Find(match.start(), match.end(), Kind.POSTAL_CODE)
    for match in _LABELLED_CODE.finditer(text):
        yield Find(match.start(1), match.end(1), Kind.POSTAL_CODE)
    if _CAPITAL.search(text) is None and "zip" not in text:
        return
    for match in _ZIP.finditer(text):
        group = 1 if match[1] else 2
        yield Find(match.start(group), match.end(group), Kind.POSTAL_CODE)
    for match in _UK.finditer(text):
        yield Find(match.start(), match.end(), Kind.POSTAL_CODE)


def _digits(number: str) -> int:
    """Digits of a telephone number, the (0) between country and area left out."""
    return sum(character.isdigit() for character in number.replace("(0)", ""))


def _bracketed(text: str, start: int, end: int) -> tuple[int, int]:
    """The number without a bracket that belongs to the sentence around it."""
    if text[start] == "(" and ")" not in text[start:end]:
        return start + 1, end
    return start, end
