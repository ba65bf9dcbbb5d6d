"""Text at the border: what enters from a file or an endpoint is made storable here, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K", bound=str)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
BYTES_A_TOKEN = 3
"""UTF-8 bytes that `estimate_tokens` takes for a token."""
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str) -> tuple[str, int]:
    """Replace NUL and lone surrogates, which neither UTF-8 nor SQLite can carry.

    Returns:
        The text and how many characters were replaced.
    """
    if text.isascii() and "\x00" not in text:
        return text, 0
    return _UNSTORABLE.subn(REPLACEMENT, text)


def printable(text: str) -> str:
    """The text without what would steer a terminal, or cannot be written to one.

    Control and direction characters, and lone surrogates, go. Line ends and tabs stay.
    """
    return _STEERING.sub(REPLACEMENT, text)


def counted(counts: Mapping[K, int]) -> str:
    """`refused 9, malformed 1`: how many of each, for people."""
    return ", ".join(f"{kind} {count}" for kind, count in counts.items())


def estimate_tokens(text: str) -> int:
    """Tokens of `text`, without a tokenizer: a third of its UTF-8 bytes.

    That is about one token a Japanese character and one for three Latin letters: above what
    the tokenizers of current open models need for either, so that budgets err to the safe side.
    """
    return len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN + 1


def clip_to_tokens(text: str, tokens: int) -> str:
    """About the first `tokens` tokens: so many characters of Japanese, thrice the Latin letters."""
    size = len(text.encode("utf-8", "replace"))
    return clip(text, tokens * max(1, round(BYTES_A_TOKEN * len(text) / max(1, size))))


def clip(text: str, characters: int) -> str:
    """The first `characters` characters, with an ellipsis where something was cut."""
    return text if len(text) <= characters else text[: characters - 1] + "…"
