"""What a prompt offers to write about: its sections, and the topics of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from matrix_sim.llm.stub.tongue import Tongue
from matrix_sim.text import clean_text

CACHED_SECTIONS = 4096
"""Sections whose topics are kept: a persona's section recurs in each of its prompts."""
MOST_TOPICS = 24
_ENOUGH_PREFERRED = 3
_LONGEST_TAG = 40
_MARKUP = re.compile(r"<[^<>]*>")


def sections_of(texts: Iterable[str]) -> dict[str, str]:
    """Text of every `<word>…</word>` in the texts, by word; repeated ones are joined."""
    found: dict[str, str] = {}
    for text in texts:
        at = text.find("<")
        while at >= 0:
            end = text.find(">", at, at + _LONGEST_TAG)
            name = text[at + 1 : end].partition(" ")[0] if end > 0 else ""
            close = text.find(f"</{name}>", end) if name.isidentifier() else -1
            if close >= 0:
                inner = text[end + 1 : close].strip()
                found[name] = f"{found[name]}\n{inner}" if name in found else inner
            at = text.find("<", close + 1 if close >= 0 else at + 1)
    return found


@lru_cache(maxsize=CACHED_SECTIONS)
def topics_of(text: str, tongue: Tongue) -> tuple[str, ...]:
    """Phrases that name what a person is busy with, in order, without repetitions."""
    preferred: dict[str, None] = {}
    others: dict[str, None] = {}
    for line in plain(text).splitlines():
        label, rest = tongue.labelled(line)
        if label in tongue.skipped_labels:
            continue
        if label in tongue.preferred_labels:
            preferred.update(dict.fromkeys(tongue.listed(rest)))
        elif len(others) < MOST_TOPICS and len(preferred) < _ENOUGH_PREFERRED:
            others.update(dict.fromkeys(tongue.spoken_of(rest)))
    if len(preferred) >= _ENOUGH_PREFERRED:
        return tuple(preferred)
    return tuple(preferred | others) or tongue.runs(text)


def plain(text: str) -> str:
    """The text without tags and without what cannot be stored."""
    return clean_text(_MARKUP.sub(" ", text) if "<" in text else text)[0]
