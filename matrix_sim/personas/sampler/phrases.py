"""Sentences with choices in them: `(a|b)` is one of the two, `{slot}` is a fact of the person.

A line may begin with conditions between slashes, `/working,!new,<40/`: flags that the person must
have, flags that they must not have, bounds of their age, and with # a topic, of which a person is
told at most once. A line that names a slot of which nothing is known does not fit either. All of
that is compiled into bits once, for a person is asked some fifty times which of fifty lines fit.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_RANGES = {"2": (2, 4), "3": (3, 6), "4": (4, 8)}
NUMBERS: Mapping[str, tuple[int, int]] = {
    f"{kind}{name}": bounds for kind in "nd" for name, bounds in _RANGES.items()
}
"""Slots that are a number, drawn anew wherever one stands: least and greatest. `n2` is a word,
`d2` a digit, for numbers such as `{d2}0`."""

_OLDEST = 200
_CONDITIONS = re.compile(r"/([^/]*)/ *")
_TOKEN = re.compile(r"[(|)]|\{\w+\}|[^(|){}]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that a fact fills."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that one of several continuations fills."""

    options: tuple[Parts, ...]


Parts = tuple[str | Slot | Choice, ...]


class PhraseError(ValueError):
    """A line of the package's own tables that cannot be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a table, ready to be matched and filled in. Compared by identity."""

    parts: Parts
    needs: int = 0
    """Bits of the flags and slots that the person must have."""
    lacks: int = 0
    """Bits of the flags that the person must not have."""
    youngest: int = 0
    oldest: int = _OLDEST
    topic: str = ""


Pool = tuple[Line, ...]


class Vocabulary:
    """The flags and slots that lines may name, each with its bit."""

    def __init__(self, flags: Sequence[str], slots: Sequence[str]) -> None:
        self._flags = {flag: 1 << place for place, flag in enumerate(flags)}
        self._slots = {slot: 1 << place for place, slot in enumerate(slots, start=len(flags))}

    def mask(self, flags: Sequence[str], slots: Sequence[str]) -> int:
        """The bits of a person: their flags, and the slots that can be filled."""
        bits = 0
        for flag in flags:
            bits |= self._flags[flag]
        for slot in slots:
            bits |= self._slots[slot]
        return bits

    def flag_bit(self, flag: str) -> int:
        """The bit of one flag.

        Raises:
            PhraseError: there is no such flag.
        """
        if flag not in self._flags:
            raise PhraseError(f"there is no flag {flag!r}")
        return self._flags[flag]

    def line(self, text: str) -> Line:
        """Compile a line.

        Raises:
            PhraseError: a bracket stays open, or a flag or slot is unknown.
        """
        needs = lacks = 0
        youngest, oldest, topic = 0, _OLDEST, ""
        conditions = _CONDITIONS.match(text)
        body = text[conditions.end() :] if conditions else text
        for word in conditions[1].split(",") if conditions else ():
            if word.startswith("<"):
                oldest = int(word[1:]) - 1
            elif word.startswith(">"):
                youngest = int(word[1:]) + 1
            elif word.startswith("#"):
                topic = word[1:]
            elif word.startswith("!"):
                lacks |= self.flag_bit(word[1:])
            else:
                needs |= self.flag_bit(word)
        parts = _parse(body)
        for name in _slots_of(parts):
            if name not in NUMBERS:
                if name not in self._slots:
                    raise PhraseError(f"there is no slot {name!r}: {text}")
                needs |= self._slots[name]
        return Line(parts, needs, lacks, youngest, oldest, topic)

    def pool(self, texts: Sequence[str] | str | None) -> Pool:
        """Compile several lines; one text is a pool of one, none an empty one."""
        if not texts:
            return ()
        return tuple(self.line(text) for text in ([texts] if isinstance(texts, str) else texts))


def fitting(pool: Pool, mask: int, age: int) -> list[Line]:
    """The lines of a pool that suit a person."""
    return [
        line
        for line in pool
        if mask & line.needs == line.needs
        and not mask & line.lacks
        and line.youngest <= age <= line.oldest
    ]


def fill(parts: Parts, facts: Mapping[str, str], digits: Sequence[str], rng: random.Random) -> str:
    """The text of a line for one person."""
    done: list[str] = []
    for part in parts:
        if isinstance(part, str):
            done.append(part)
        elif isinstance(part, Choice):
            option = part.options[int(rng.random() * len(part.options))]
            done.append(fill(option, facts, digits, rng))
        elif part.name in NUMBERS:
            low, high = NUMBERS[part.name]
            number = low + int(rng.random() * (high - low + 1))
            done.append(digits[number] if part.name.startswith("n") else str(number))
        else:
            done.append(facts[part.name])
    return "".join(done)


def _parse(text: str) -> Parts:
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise PhraseError(f"a brace stays open: {text}")
    parts, rest = _sequence(tokens, 0)
    if rest != len(tokens):
        raise PhraseError(f"a bracket or bar stands alone: {text}")
    return parts


def _sequence(tokens: Sequence[str], start: int) -> tuple[Parts, int]:
    parts: list[str | Slot | Choice] = []
    at = start
    while at < len(tokens) and tokens[at] not in ("|", ")"):
        word = tokens[at]
        if word == "(":
            choice, at = _choice(tokens, at + 1)
            parts.append(choice)
        else:
            parts.append(Slot(word[1:-1]) if word.startswith("{") else word)
            at += 1
    return tuple(parts), at


def _choice(tokens: Sequence[str], start: int) -> tuple[Choice, int]:
    options: list[Parts] = []
    at = start
    while True:
        option, at = _sequence(tokens, at)
        options.append(option)
        if at == len(tokens):
            raise PhraseError(f"a bracket stays open: {''.join(tokens)}")
        at += 1
        if tokens[at - 1] == ")":
            return Choice(tuple(options)), at


def _slots_of(parts: Parts) -> list[str]:
    names: list[str] = []
    for part in parts:
        if isinstance(part, Slot):
            names.append(part.name)
        elif isinstance(part, Choice):
            for option in part.options:
                names.extend(_slots_of(option))
    return names
