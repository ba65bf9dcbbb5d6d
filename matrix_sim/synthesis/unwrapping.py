"""Messages without what models like to put around the whole of them."""

from __future__ import annotations

_QUOTES = {"「": "」", "『": "』", '"': '"', "“": "”"}


def unwrapped(text: str) -> str:
    """A message without quotation marks around the whole of it."""
    text = text.strip()
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 3 or not text.endswith(closing):
        return text
    inner = text[1:-1]
    opened_again = closing in inner or text[0] in inner
    return text if opened_again else inner.strip()
