"""The texts of the synthesis in one language: what is asked, answered and refused, and code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import orjson

from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.frames import Frames, load_frames
from matrix_sim.llm.stub.tongue import Tongue

_SLOT = re.compile(r"\{\w+\}")
_LONGEST_TOPIC = 48
_RISKY_OR_NOT = ("asks", "safe_asks")
_PLACEHOLDER = "\n"
"""What stands for a slot where words of a frame are collected: no phrase goes across it."""


@dataclass(frozen=True, slots=True)
class CodeLanguage:
    """A programming language that the stub can answer in."""

    name: str
    """As whoever asked calls it."""
    named: re.Pattern[str]
    """Finds it in a text."""
    fence: str
    code: dict[str, str]
    """By task; `{t}` stands for what it is about."""


class Script:
    """Everything that is said in one language, compiled once."""

    def __init__(self, language: str) -> None:
        self.tongue: Tongue = load_frames(language).tongue
        self.asking = Frames(_read(f"asking.{language}"), self.tongue)
        self.answering = Frames(
            _read(f"answering.{language}") | {"default_topics": self.asking["default_topics"]},
            self.tongue,
        )
        self.safety = _read(f"safety.{language}")
        coding = _read(f"coding.{language}")
        self.code_asks: dict[str, list[str]] = coding["asks"]
        self.code_conditions: list[str] = coding["conditions"]
        languages = _read("coding")["languages"]
        self.code_languages = tuple(_code_language(one) for one in languages.values())
        self.usual_code_language = next(x for x in self.code_languages if x.fence == "python")

    @cached_property
    def not_topics(self) -> frozenset[str]:
        """Phrases of the frames themselves: they say nothing of what a message is about."""
        words = self.asking["words"]
        written = (
            [self.asking[name] for name in self.asking.lists if name not in _NO_FRAMES]
            + [group[asks] for group in self.safety["groups"].values() for asks in _RISKY_OR_NOT]
            + [self.safety["pretexts"], self.code_asks, self.code_conditions]
            + [words, self.answering.lists]
        )
        plain = (_SLOT.sub(_PLACEHOLDER, frame) for frame in _leaves(written))
        own = (phrase for frame in plain for phrase in self.tongue.phrases(frame, frozenset()))
        parts = (part for phrase in own for part in (phrase, *self.tongue.parts(phrase)))
        return frozenset(parts).union(self.answering["not_topics"])

    def topics(self, text: str) -> tuple[str, ...]:
        """What a message is about, the most often named first; may be empty."""
        for right, wrong in self.asking["typos"]:
            text = text.replace(wrong, right)
        found = self.tongue.phrases(text, self.not_topics)
        counts = Counter(phrase for phrase in found if len(phrase) <= _LONGEST_TOPIC)
        return tuple(sorted(counts, key=lambda phrase: -counts[phrase]))

    def option(self, name: str, told: str, default: str) -> str:
        """The first entry of a table whose words occur in what a prompt tells."""
        low = told.lower()
        for option, words in self.asking[name]:
            if any(word in low for word in words):
                return str(option)
        return default

    def risk_group(self, told: str, draws: Draws) -> str:
        """The group of requests for an area of risk, in the words of a prompt."""
        low = told.lower()
        for name, group in self.safety["groups"].items():
            if any(word.lower() in low for word in group["words"]):
                return str(name)
        names: list[str] = list(self.safety["groups"])
        return draws.choice(names)

    def risk_of(self, message: str) -> tuple[str, bool]:
        """The group of a message of the stub's own, and whether it asks for something harmful.

        ("", False) for any other message.
        """
        group = _matched(message, self._risk_marks["asks"])
        if group:
            return group, True
        return _matched(message, self._risk_marks["safe_asks"]), False

    def code_task_of(self, message: str) -> str:
        """The task of a message of the stub's own that asks for code, or an empty text."""
        return _matched(message, self._code_marks)

    def code_language(self, text: str) -> CodeLanguage | None:
        """The first programming language that a text names, by the name that it uses."""
        found = ((one.named.search(text), one) for one in self.code_languages)
        places = [(match.start(), -len(match[0]), match[0], one) for match, one in found if match]
        if not places:
            return None
        *_, name, language = min(places, key=lambda place: place[:2])
        return replace(language, name=name)

    def code_wanted(self, message: str) -> CodeLanguage | None:
        """The language in which a message asks for code; None if it does not ask for any."""
        return self.code_language(message) if self.code_task_of(message) else None

    @cached_property
    def _risk_marks(self) -> dict[str, dict[str, list[str]]]:
        groups = self.safety["groups"].items()
        return {
            asks: {name: [_longest_piece(ask) for ask in group[asks]] for name, group in groups}
            for asks in _RISKY_OR_NOT
        }

    @cached_property
    def _code_marks(self) -> dict[str, list[str]]:
        return {name: [_longest_piece(a) for a in asks] for name, asks in self.code_asks.items()}


@lru_cache
def load_script(language: str) -> Script:
    """The texts of a language that the stub speaks.

    Raises:
        UsageError: it does not speak it.
    """
    return Script(language)


_NO_FRAMES = ("registers", "tasks", "moves", "typos", "complex", "default_topics", "words")
"""Lists of the file that hold no frames."""


def _read(name: str) -> dict[str, Any]:
    file = resources.files(__package__).joinpath(f"{name}.json")
    held: dict[str, Any] = orjson.loads(file.read_bytes())
    return held


def _code_language(held: dict[str, Any]) -> CodeLanguage:
    names = "|".join(map(re.escape, held["names"]))
    named = re.compile(rf"(?<![A-Za-z0-9.])(?:{names})(?![A-Za-z0-9+#])")
    return CodeLanguage(held["names"][0], named, held["fence"], held["code"])


def _leaves(held: Any) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict):
        yield from _leaves(list(held.values()))
    else:
        for one in held:
            yield from _leaves(one)


def _longest_piece(frame: str) -> str:
    """What a frame always says, at its longest: what a message written with it is known by."""
    return max(_SLOT.split(frame), key=len)


def _matched(message: str, marks: dict[str, list[str]]) -> str:
    hits: Iterable[tuple[int, str]] = (
        (len(mark), name) for name, pieces in marks.items() for mark in pieces if mark in message
    )
    return max(hits, default=(0, ""))[1]


def filled_code(code: str, topic: str) -> str:
    """A piece of code that says what it is about; braces in it are its own."""
    return code.replace("{t}", topic)


def split_by_slot(frames: Sequence[str], slot: str) -> list[str]:
    """The frames that do without a slot."""
    return [frame for frame in frames if f"{{{slot}}}" not in frame]
