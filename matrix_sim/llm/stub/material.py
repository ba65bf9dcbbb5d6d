"""What a prompt offers to write about: topics, speakers and sentences of its sections.

No tokenizer is at hand, so phrases are told by their delimiters and by the kind of character
they end in. Everything found is plain Japanese or Latin letters: no markup, no braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from matrix_sim.text import clean_text

CACHED_SECTIONS = 4096
"""Sections whose topics are kept: a persona's section recurs in each of its prompts."""
_ENOUGH_PREFERRED = 3
_MOST_TOPICS = 24
_LONGEST_TAG = 40

_KANJI = "一-龠々〆"
_KATAKANA = "ァ-ヺー"
_LETTERS = f"A-Za-zぁ-ん{_KATAKANA}{_KANJI}"
_DELIMITERS = re.compile(r"[、。，,.・：:;；「」『』（）()\[\]【】“”\"'\n\t /／→|]+")
_PHRASE = re.compile(
    rf"(?=[^をはが]{{2,14}}$)[{_LETTERS}]*"
    rf"(?:[{_KANJI}]|[{_KATAKANA}]{{2}}|[A-Za-z]{{2}}|[{_KANJI}][りみき]|づくり|めぐり|がたり)"
)
"""A nominal phrase: no clause particle, ends like a noun."""
_CLAUSE = re.compile(rf"に(?!ん)|[でしくてただ](?=[{_KANJI}{_KATAKANA}])")
"""What an adverbial or verbal clause within a phrase gives away."""
_RUN = re.compile(
    rf"(?:(?<![{_LETTERS}])|(?<=[のとやでに]))"
    rf"([{_KANJI}{_KATAKANA}]{{3,12}})(?=[をのがはやとに、。])"
)
_QUOTED = re.compile(rf"「([{_LETTERS}]{{2,24}})」")
_LABEL = re.compile(r"^[\s・*-]*([^\s:：、。]{1,8})[:：]")
_HEAD = re.compile(
    r"[\s・*-]*\d{0,6}\s*(?:[\[［【][^\]］】]*[\]］】])?\s*"
    rf"([{_LETTERS}]+(?:[ 　][{_LETTERS}]+)?)(?:[（(]([^：:]*)[）)])?\s*[：:]"
)
"""A line's head: number, bracketed label, name, and in parentheses a few words on the person."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Words of one language that tell topics from other phrases; there is one a language."""

    preferred_labels: frozenset[str]
    """Labels of lines that list what a person likes or can do."""
    skipped_labels: frozenset[str]
    """Labels of lines that hold no topics: name, age, ..."""
    not_topics: frozenset[str]


@lru_cache(maxsize=CACHED_SECTIONS)
def topics_of(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Phrases that name what a person is busy with, in order, without repetitions."""
    preferred: dict[str, None] = {}
    others: dict[str, None] = {}
    for line in _plain(text).splitlines():
        label = _LABEL.match(line)
        if label is not None:
            if label[1] in vocabulary.skipped_labels:
                continue
            line = line[label.end() :]
        if label is not None and label[1] in vocabulary.preferred_labels:
            preferred.update(dict.fromkeys(_phrases(line, vocabulary)))
        elif len(others) < _MOST_TOPICS and len(preferred) < _ENOUGH_PREFERRED:
            others.update(dict.fromkeys(_phrases(line, vocabulary)))
    if len(preferred) >= _ENOUGH_PREFERRED:
        return tuple(preferred)
    return tuple(preferred | others) or runs_of(text, vocabulary)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what somebody did."""

    speaker: str
    """A bare name, or empty."""
    about: str
    """A few words on the speaker, or empty."""
    topic: str
    """What it is about, or empty."""


def told_in(line: str, vocabulary: Vocabulary) -> Told:
    """Who did what, in one line of observations or actions."""
    line = _plain(line)
    head = _HEAD.match(line)
    rest = line[head.end() :] if head else line
    quoted = _QUOTED.search(rest)
    topics: Sequence[str] = (quoted[1],) if quoted else runs_of(rest, vocabulary)
    topic = topics[0] if topics else ""
    return Told(head[1], head[2] or "", topic) if head else Told("", "", topic)


def runs_of(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Compound words in running text."""
    runs = dict.fromkeys(_RUN.findall(_plain(text)))
    return tuple(run for run in runs if run not in vocabulary.not_topics)[:_MOST_TOPICS]


def _phrases(line: str, vocabulary: Vocabulary) -> list[str]:
    return [
        piece
        for piece in _DELIMITERS.split(line)
        if _PHRASE.fullmatch(piece)
        and piece not in vocabulary.not_topics
        and not _CLAUSE.search(piece)
    ]


def _plain(text: str) -> str:
    return clean_text(_MARKUP.sub(" ", text) if "<" in text else text)[0]
