"""A message taken apart into code and what is said around it (CommonMark 0.31, fenced code)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from matrix_sim.quality.kept import TEXTS

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_BLANK = " "
_INLINE = re.compile(r"(`+)(?!`)([^`]+)\1(?!`)")
_ADDRESS = re.compile(
    r"(?:https?|ftp|file)://[^\s「」『』（）、。]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?:[A-Za-z]:\\|~?/)[\w.\\/~-]+",
    re.ASCII,
)
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of code."""

    tag: str
    """The language that it says it is in, in small letters."""
    code: str
    closed: bool
    before: str
    """The line of prose before it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A message without its code, and the code."""

    prose: str
    """The lines outside of fences; a fence is an empty line."""
    fences: tuple[Fence, ...]


@lru_cache(TEXTS)
def parts_of(text: str) -> Parts:
    """Take a message apart."""
    if "```" not in text and "~~~" not in text:
        return Parts(text, ())
    prose: list[str] = []
    fences: list[Fence] = []
    opened, tag, code = "", "", list[str]()

    def close(closed: bool) -> None:
        before = next((line for line in reversed(prose) if line.strip()), "")
        fences.append(Fence(tag, "\n".join(code), closed, before))
        prose.append("")

    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if not opened:
            if mark is None:
                prose.append(line)
            else:
                opened, tag, code = mark[1], _tag(mark[2]), []
        elif mark and mark[1].startswith(opened) and not mark[2].strip():
            close(closed=True)
            opened = ""
        else:
            code.append(line)
    if opened:
        close(closed=False)
    return Parts("\n".join(prose), tuple(fences))


@lru_cache(TEXTS)
def spoken(text: str) -> str:
    """What a message says: without code, also within a line, and without addresses and paths."""
    prose = parts_of(text).prose
    if "`" in prose:
        prose = _INLINE.sub(_BLANK, prose)
    if "/" in prose or "@" in prose or "\\" in prose:
        prose = _ADDRESS.sub(_BLANK, prose)
    return prose


def _tag(info: str) -> str:
    words = info.strip().strip("{}.").split(maxsplit=1)
    return words[0].lower().partition(":")[0] if words else ""
