"""Tables, lists and headings that stop before they are whole."""

from __future__ import annotations

import re

ITEM = re.compile(
    r"\s*(?:[-*+•・●○■□◆▪]|[0-9０-９]+[.)．、）:：]|[①-⑳]|\([0-9]+\))(?:\s+|(?=\S)|$)"
)
ITEM_ALONE = re.compile(
    r"\s*(?:[-*+•・●■◆]|[QA]?[0-9０-９]+[.)．）]|[①-⑳]|\([0-9]+\)|#{1,6}|>)\s*(?:\*\*)?\s*$"
)
_HEADING = re.compile(r"\s*#{1,6}\s+\S")
_FRAMED = re.compile(
    r"\s*(?:【[^】]+】[^。：:]{0,20}|\*\*[^*：:。！？]+\*\*|[■◆●▼][^。：:]{1,25})\s*$"
)
"""A heading by its looks."""
_RULE = re.compile(r"\s*(?:[|｜]?[\s:：-]*-{2,}[\s:：|｜-]*|[-=*_]{3,})\s*$")
_COUNTED = re.compile(
    r"(?:次|以下)の(?P<a>[2-9２-９])(?:つ|点|個|種類|ステップ|冊|案|項目|段階)"
    r"|(?P<b>[2-9２-９二三四五六七])(?:つ|点|種類|段階|通り)(?:あ[りっる]|です|に分|に整理|挙げ|紹介)"
)
_ORDINAL = re.compile(
    r"(?:第|(?<![0-9]))([1-9１-９一二三四五六七])(?:[つ点番個案]目|段階目|に、|は、)"
)
_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", start=1)}
_NUMBERED = re.compile(r"([0-9０-９]+)[.)．）]")
_STOP = re.compile(r"[。！？!?]")
_SHORT = 25


def list_end(lines: list[str]) -> tuple[bool, str | None]:
    """Whether the last line is a whole row of a table; and what is wrong with it."""
    last = lines[-1]
    if ITEM_ALONE.fullmatch(last):
        return False, "an item with nothing in it"
    if len(lines) < 2:
        return False, None
    if _HEADING.match(last) or _framed_heading(lines) or _numbered_heading(lines):
        return False, "a heading with nothing under it"
    table = _table_end(lines)
    if table is not None:
        return not table, table or None
    return False, "an item is not whole" if _shorter_than_others(lines) else None


def promised(lines: list[str]) -> str | None:
    """Of a number of points that is announced, those that are missing."""
    text = "\n".join(lines)
    counted = _COUNTED.search(text)
    if counted is None:
        return None
    announced = _number(counted["a"] or counted["b"])
    said = max((_number(one) for one in _ORDINAL.findall(text, counted.end())), default=0)
    if not said:
        numbers = [_NUMBERED.match(line.strip("*# ")) for line in lines]
        said = max((int(one[1]) for one in numbers if one), default=0)
    if not said and ITEM.match(lines[-1]):
        said = sum(ITEM.match(line) is not None for line in lines)
    if 0 < said < announced:
        return f"{said} points where {announced} are announced"
    return None


def _number(digit: str) -> int:
    return _DIGITS.get(digit) or int(digit)


def _framed_heading(lines: list[str]) -> bool:
    """Whether the last line looks like a heading before, which something followed."""
    last = lines[-1]
    if not _FRAMED.match(last):
        return False
    mark = last.strip()[0]
    return any(
        _FRAMED.match(line) and line.strip()[0] == mark and _body_after(lines, at)
        for at, line in enumerate(lines[:-1])
    )


def _body_after(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at + 1 :] if line.strip()), "")
    return bool(following.strip()) and not _FRAMED.match(following)


def _numbered_heading(lines: list[str]) -> bool:
    """Whether the last line is a numbered heading; each of those before has a text under it."""
    last = lines[-1].strip("* ")
    if not _NUMBERED.match(last) or len(last) > _SHORT or _STOP.search(last) or "：" in last:
        return False
    at = [n for n, line in enumerate(lines[:-1]) if _NUMBERED.match(line.strip("* "))]
    return bool(at) and all(
        any(_STOP.search(line) for line in lines[one + 1 : after])
        for one, after in zip(at, [*at[1:], len(lines) - 1], strict=True)
    )


def _table_end(lines: list[str]) -> str | None:
    """Why the last row of a table is not whole; "" where it is; None where there is no table."""
    last = lines[-1]
    bar = "|" if "|" in last else "｜"
    if last.count(bar) == 0 or lines[-2].count(bar) == 0:
        return None
    if _RULE.fullmatch(last):
        return "a table with nothing in it"
    whole = max(line.count(bar) for line in lines[-3:-1])
    stripped = last.strip()
    if last.count(bar) < whole or (stripped.endswith(bar) and not stripped.startswith(bar)):
        return "a row of a table is not whole"
    return ""


def _shorter_than_others(lines: list[str]) -> bool:
    """Whether every item but the last has a name, a colon and a text."""
    marker = ITEM.match(lines[-1])
    if marker is None or "：" in lines[-1] or ":" in lines[-1]:
        return False
    indent = len(lines[-1]) - len(lines[-1].lstrip())
    others = [
        line for line in lines[:-1] if ITEM.match(line) and len(line) - len(line.lstrip()) == indent
    ]
    return len(others) > 1 and all("：" in line or ": " in line for line in others)
