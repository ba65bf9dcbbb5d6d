"""What was found out about texts, kept for a while: several checks ask the same of one row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

TEXTS = 1024
"""Texts that a finding is kept of. Those of the rows that are looked at together should be fewer,
for each check looks at all of these rows before the next one does."""

V = TypeVar("V")


class Kept(Generic[V]):
    """A function of texts that takes hardly longer for many of them than for one."""

    def __init__(self, find: Callable[[Sequence[str]], Sequence[V]]) -> None:
        self._find = find
        self._found: dict[str, V] = {}

    def ahead(self, texts: Iterable[str]) -> None:
        """Find out about texts that will be asked about, all at once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._found]
        if new:
            self._found.update(zip(new, self._find(new), strict=True))
        for text in list(self._found)[: max(0, len(self._found) - TEXTS)]:
            del self._found[text]

    def of(self, text: str) -> V:
        """What there is to know of a text."""
        found = self._found.get(text)
        if found is None:
            found = self._found[text] = self._find((text,))[0]
            self.ahead(())
        return found
