"""Finding the words that people have in common, without a tokenizer: what a language has to say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matrix_sim.personas.model import Persona


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the texts of a society say on what is a word."""

    standing: frozenset[str]
    """What stands alone somewhere, or recurs: the evidence that it is a word or a phrase."""
    forms: Mapping[str, str] = field(default_factory=dict)
    """Of words that are written in several ways, how most people write them."""


class Wording(ABC):
    """How words are found in one kind of writing."""

    @abstractmethod
    def lexicon(self, personas: Sequence[Persona]) -> Lexicon:
        """The lexicon of people who write like this."""

    @abstractmethod
    def words(self, persona: Persona, lexicon: Lexicon) -> tuple[str, ...]:
        """The words that the facts of a persona hold, each once, in order of appearance."""

    @abstractmethod
    def overlap(self, one: str, other: str) -> bool:
        """Whether two words say nearly the same."""

    @abstractmethod
    def tells(self, text: str, word: str) -> bool:
        """Whether a text, such as an occupation, says the word already."""
