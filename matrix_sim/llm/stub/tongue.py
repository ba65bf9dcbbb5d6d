"""What the stub has to know of a language: how to read a prompt's lines and how to mention people.

No tokenizer is at hand, so a tongue tells phrases by their delimiters, by the words or characters
around them, and by word lists. Everything that it finds is plain letters: no markup, no braces.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what somebody did."""

    speaker: str
    """A bare name, or empty."""
    about: str
    """A few words on the speaker, or empty."""
    topic: str
    """What it is about, or empty."""


class Tongue(ABC):
    """One language; there is one object a language, and it is compared by identity."""

    bullet: ClassVar[str]
    """What begins a line of a list."""
    margin: ClassVar[str]
    """Characters that may stand around the text of a line."""
    remark: ClassVar[str]
    """What begins a line that says something about the lines below it."""
    colon: ClassVar[str]
    """What parts a line's head from what it tells."""
    full_stop: ClassVar[str]
    gap: ClassVar[str]
    """What stands between two sentences."""
    quantity: ClassVar[re.Pattern[str]]
    """Finds a limit of time or money."""

    def __init__(self, lists: Mapping[str, Any]) -> None:
        """`lists`: the data file of the language."""
        words = [word for words in lists["words"].values() for word in words]
        self.preferred_labels = frozenset(lists["preferred_labels"])
        """Labels of lines that list what a person likes or can do."""
        self.skipped_labels = frozenset(lists["skipped_labels"])
        """Labels of lines that hold no topics: name, age, ..."""
        self.not_topics = frozenset(lists["not_topics"] + lists["not_topics_of_frames"] + words)

    @abstractmethod
    def labelled(self, line: str) -> tuple[str, str]:
        """The label of a line, or an empty text, and what comes after it."""

    @abstractmethod
    def listed(self, line: str) -> list[str]:
        """The topics that a line lists."""

    @abstractmethod
    def spoken_of(self, line: str) -> list[str]:
        """The topics in a line that need not be a list."""

    @abstractmethod
    def runs(self, text: str) -> tuple[str, ...]:
        """The phrases in running text that are most likely topics."""

    @abstractmethod
    def phrases(self, text: str, without: Collection[str]) -> list[str]:
        """The nominal phrases of a text in order, repeated ones too; none is in `without`."""

    @abstractmethod
    def parts(self, phrase: str) -> list[str]:
        """The words of a phrase that could stand alone."""

    @abstractmethod
    def told(self, line: str) -> Told:
        """Who did what, in one line of observations or actions."""

    @abstractmethod
    def step(self, line: str) -> str:
        """A step of a plan in the form that frames take it in, or an empty text."""

    @abstractmethod
    def called(self, told: Told) -> str:
        """How one addresses whoever it was; empty if nobody is named."""

    @abstractmethod
    def known_as(self, told: Told) -> str:
        """Who it was, without the name: by age and work; empty if neither is known."""

    @abstractmethod
    def finished(self, text: str) -> str:
        """A filled frame as it goes out."""

    @abstractmethod
    def again(self, text: str, number: int) -> str:
        """The same text, told apart from itself."""
