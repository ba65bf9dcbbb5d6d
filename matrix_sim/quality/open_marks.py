"""Brackets, quotations, markup and addresses that are opened and never closed."""

from __future__ import annotations

import re

_OPENING = {
    "「": "」",
    "『": "』",
    "（": "）",
    "【": "】",
    "《": "》",
    "(": ")",
    "[": "]",
    "“": "”",
}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_BRACKETS = re.compile("[「」『』（）【】《》()\\[\\]“”]")
_WIDE = {")": "）", "(": "（"}
_FACE = re.compile(r"[:;=8][-^']?[(\[]|[(（][^()（）\n]{0,12}$(?<=[;^_*>≧▽ω])|\([*^;≧T]")
_INLINE = re.compile(r"`[^`]*`")
_DISPLAY = re.compile(r"\$\$.*?\$\$")
_FORMULA = re.compile(r"\$[^$]*[\\^_=][^$]*$")
_TAG = re.compile(r"<[A-Za-z/][^<>]*$")
_ROUTINE = re.compile(r"^[ \t]*(?:Private |Public )?(Sub|Function) \w+\(", re.MULTILINE)
_ADDRESS = re.compile(r"https?://([\w.-]*)(/\S*)?$", re.ASCII)
_DOMAIN = re.compile(
    r"[\w-]+\.(?:[a-z]{2}|com|org|net|info|biz|edu|gov|int|dev|app|blog|shop|site|page|example|test"
    r"|cloud|tech|online|store|tokyo|osaka|kyoto|mil|museum|name|wiki|xyz|zone|news|jobs)$"
)
_HALF_DOMAIN = re.compile(r"\.(?:go|ne|or|ac|ad|ed|lg|gr|co|pref|city)$|^www\.[\w-]+$")


_END = 400
"""Characters of a line in which an open formula is looked for."""


def open_mark(prose: str, last: str, by_user: bool) -> str | None:
    """What a message, or the last line of it, leaves open."""
    if "`" in last:
        last = _INLINE.sub("", last)
    why = _quotation(prose) or _bracket(last)
    if why is not None:
        return why
    if not by_user:
        if prose.count("{") > prose.count("}"):
            return "{ stays open"
        if _formula(prose, last) is not None:
            return "a formula stays open"
        routine = _ROUTINE.search(prose)
        if routine and f"End {routine[1]}" not in prose:
            return "code that does not end"
    return "an address is not whole" if _half_address(last) else None


def _quotation(prose: str) -> str | None:
    for opening, closing in (("「", "」"), ("『", "』")):
        if prose.count(opening) > prose.count(closing) and prose.rfind(opening) > prose.rfind(
            closing
        ):
            return f"{opening} stays open"
    return None


def _bracket(line: str) -> str | None:
    """A bracket in the last line that stays open."""
    open_ones: list[str] = []
    for character in _BRACKETS.findall(line):
        if character in _OPENING:
            open_ones.append(character)
        elif character in _CLOSING:
            closing = _WIDE.get(character, character)
            if open_ones and closing in (
                _OPENING[open_ones[-1]],
                _WIDE.get(_OPENING[open_ones[-1]], ""),
            ):
                open_ones.pop()
    if open_ones and not _FACE.search(line):
        return f"{open_ones[-1]} stays open"
    if line.lstrip().startswith('"') and line.count('"') % 2:
        return '" stays open'
    if line.count("**") % 2:
        return "** stays open"
    return None


def _formula(prose: str, last: str) -> str | None:
    """The mark of a formula, or of code within a line, that stays open."""
    if "`" in last:
        return "`"
    if "$" in prose:
        if prose.count("$$") % 2:
            return "$$"
        rest = _DISPLAY.sub("", last)[-_END:]
        if rest.count("$") % 2 and _FORMULA.search(rest):
            return "$"
    return "<" if _TAG.search(last) else None


def _half_address(last: str) -> bool:
    found = _ADDRESS.search(last) if "://" in last else None
    if found is None:
        return last.rstrip().endswith(("https:/", "http:/"))
    host, path = found[1], found[2]
    if path:
        return False
    return not _DOMAIN.search(host) or _HALF_DOMAIN.search(host) is not None
