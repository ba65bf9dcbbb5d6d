"""Other people's text in Markdown: shown as it is, never read as Markdown, HTML or YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from matrix_sim.text import clip, printable

_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$:@])")
_TICKS = re.compile("`+")
_CHARACTERS = 300


def inline(text: str, characters: int = _CHARACTERS) -> str:
    """A text within a line: in one line, clipped, and every mark that means something escaped."""
    return _MARKS.sub(r"\\\1", one_line(text, characters))


def one_line(text: str, characters: int = _CHARACTERS) -> str:
    """The text without line ends and what steers a terminal, clipped."""
    return clip(printable(" ".join(text.split())), characters)


def fenced(text: str, language: str) -> str:
    """A text as a block; the fence is longer than any within it."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{printable(text)}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts that are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
