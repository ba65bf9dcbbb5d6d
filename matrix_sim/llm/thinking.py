"""Thinking that a model wrote into its reply, taken apart from the reply.

Servers that know a model's template hand it over in a field of its own; the others leave
`<think>...</think>` in the text, without the opening tag where the template has written it.
"""

from __future__ import annotations

_OPEN = "<think>"
_CLOSE = "</think>"


def split_thinking(content: str) -> tuple[str, str]:
    """Split inline thinking off the beginning of `content`.

    Thinking that never ends (the reply was cut off) leaves no text. Tags further on are part
    of what the model says, not of how it thought.

    Returns:
        The thinking ("" where there is none) and the text.
    """
    start = content.lstrip()
    if start.startswith(_OPEN):
        thinking, _, text = start.removeprefix(_OPEN).partition(_CLOSE)
        return thinking.strip(), text.lstrip()
    thinking, closed, text = content.partition(_CLOSE)
    if not closed or _OPEN in thinking or start.startswith(("{", "[")):
        return "", content
    return thinking.strip(), text.lstrip()
