"""What a persona or a model says stands in a prompt as material: visible, and never structure.

Material goes between delimiter tags (`<persona>` ... `</persona>`) and, in lists, one item a line.
Neither a tag nor a line break inside it may look like ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_CLOSING_TAG = re.compile(r"</([^\s<>/]+)>")


def delimiters(sources: Iterable[str]) -> tuple[str, ...]:
    """The names of all tags that the templates themselves close, sorted."""
    return tuple(sorted({name for source in sources for name in _CLOSING_TAG.findall(source)}))


def material_filter(tags: Iterable[str]) -> Callable[[object], str]:
    """A function that makes the angle brackets of these tags full-width and leaves all else alone.

    Opening and closing tags count, in any case, with white space or attributes, and without their
    end. It is idempotent.
    """
    names = "|".join(re.escape(tag) for tag in tags)
    if not names:
        return str
    tag = re.compile(rf"<(\s*(?:/\s*)?(?:{names})(?![\w-])[^<>]*)(>?)", re.IGNORECASE)

    def material(value: object) -> str:
        text = value if type(value) is str else str(value)
        if "<" not in text:
            return text
        return tag.sub(lambda match: f"＜{match[1]}{'＞' if match[2] else ''}", text)

    return material


def one_line(text: str) -> str:
    """`text` with its line breaks turned into spaces, so that an item of a list stays one item."""
    lines = text.splitlines()
    if len(lines) == 1:
        return lines[0]
    return " ".join(stripped for line in lines if (stripped := line.strip()))
