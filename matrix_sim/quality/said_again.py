"""What is said again: by the same side later in a dialogue, or in another place of a message.

A user who asks for a new version gets most of the old one again, and one who asks for several
versions gets them alike: there only what is verbatim and long, or nothing, is looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from unicodedata import normalize

from matrix_sim.quality.contracts import Turn
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.likeness import Gist, likeness, names_differ, plain, said_share
from matrix_sim.quality.prose import spoken
from matrix_sim.quality.verdicts import quoted
from matrix_sim.quality.vocabulary import any_of

REVISES = re.compile(any_of("revisions").lower())
SEVERAL = re.compile(any_of("several_alike").lower())
_GOES_ON = re.compile(any_of("goes_on"))
_BREAK = re.compile("[。!?！？\n]+")
_SILENT = re.compile(r"[\W_]+")
_ANSWER, _QUESTION = 20, 12
"""Letters from which on an answer, and a question, is the same by no chance."""
_LONGEST_QUESTION = 80
"""Letters; longer ones differ in a word that is all they are about."""
_SENTENCE, _MUCH = 10, 20
"""Letters of a sentence, and of all sentences, that an answer has from an earlier one."""
_OFTEN_SENTENCE = 15
_HALF = 0.5
_CHARACTERS = 0.75
"""Of those of two texts, the share in both without which they are not compared."""
_NEARLY = 0.8
_SAME_SAID = 0.97
_AT_ONCE, _LINE, _TWO_LINES, _LONG_LINE = 12, 20, 30, 36
"""Letters of a sentence that does not come twice at once; of a line that does not come again in
nearly the same words; of two sentences, and of one, that do not come again anywhere."""
_MOST_LINES = 16
_CONNECTIVE = re.compile(f"^(?:{any_of('connectives')})", re.MULTILINE)
_SUMMARY = re.compile(any_of("summaries"))
_SUMMARY_LIKENESS = 0.55


def in_dialogue(turns: Sequence[Turn], times: int) -> Iterator[str]:
    """What a side says again in a later message."""
    users = [turn.content for turn in turns if turn.role == "user"]
    if len(users) > 1:
        yield from _questions(users)
    answers, wishes, asked = list[str](), list[str](), ""
    for turn in turns:
        if turn.role == "user":
            asked = turn.content
        elif turn.role == "assistant":
            answers.append(spoken(turn.content))
            wishes.append(asked)
    if len(answers) > 1:
        yield from _answers(answers, wishes, times)


def _questions(users: Sequence[str]) -> Iterator[str]:
    keys = [key for key in map(key_of, users) if len(key) >= _QUESTION]
    for one, other in combinations(keys, 2):
        if one == other:
            if not _GOES_ON.search(one):
                yield f"user: asks {quoted(one)} again"
        elif max(len(one), len(other)) <= _LONGEST_QUESTION and _may_be_alike(one, other):
            first, second = Gist(plain(one)), Gist(plain(other))
            if said_share(first, second) >= _SAME_SAID and _are_alike(first, second, _NEARLY):
                yield f"user: asks {quoted(one)} again, as {quoted(other)}"


def _answers(answers: Sequence[str], wishes: Sequence[str], times: int) -> Iterator[str]:
    revised = [REVISES.search(wish.lower()) is not None for wish in wishes]
    parts = [_sentences(answer) for answer in answers]
    for place in range(1, len(answers)):
        if revised[place]:
            continue
        letters = sum(map(len, parts[place]))
        for earlier in range(place):
            common = sum(len(part) for part in set(parts[place]).intersection(parts[earlier]))
            if common >= _MUCH and common >= _HALF * letters:
                yield f"assistant: most of {quoted(answers[place])} was said before"
            elif _same_answer(answers[earlier], answers[place]):
                yield f"assistant: {quoted(answers[place])} says an earlier answer again"
    if len(answers) >= times and not any(revised):
        counted = Counter(part for one in parts for part in dict.fromkeys(one))
        for part, count in counted.items():
            if count >= times and len(part) >= _OFTEN_SENTENCE:
                yield f"assistant: {quoted(part)} comes in {count} answers"


def _sentences(text: str) -> list[str]:
    lines = _BREAK.split(normalize("NFKC", text).casefold())
    return [bare for bare in (_SILENT.sub("", line) for line in lines) if len(bare) >= _SENTENCE]


def _same_answer(one: str, other: str) -> bool:
    first, second = key_of(one), key_of(other)
    return (
        min(len(first), len(second)) >= _ANSWER
        and _may_be_alike(first, second)
        and _are_alike(Gist(plain(first)), Gist(plain(second)), _NEARLY)
    )


def _may_be_alike(one: str, other: str) -> bool:
    """By their lengths and characters: quick, and mostly no."""
    if 4 * min(len(one), len(other)) < 3 * max(len(one), len(other)):
        return False
    left, right = set(one), set(other)
    return 2 * len(left & right) >= _CHARACTERS * (len(left) + len(right))


def _are_alike(one: Gist, other: Gist, least: float) -> bool:
    return likeness(one, other) >= least and not names_differ(one, other)


def in_message(sentences: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    """What an answer says twice, though no one asked for versions of it.

    Args:
        sentences: letters and digits of each, in small letters, in order.
        lines: those of each line.
    """
    yield from _again(sentences)
    long_ones = [line for line in lines if len(line) >= _LINE][:_MOST_LINES]
    for one, other in combinations(long_ones, 2):
        both = _SUMMARY.match(one) is not None and _SUMMARY.match(other) is not None
        if not both and not _may_be_alike(one, other):
            continue
        first, second = Gist(plain(one)), Gist(plain(other))
        if not both and said_share(first, second) < _SAME_SAID:
            continue
        if _are_alike(first, second, _SUMMARY_LIKENESS if both else _NEARLY):
            yield f"{quoted(one)} is said again: {quoted(other)}"


def _again(sentences: Sequence[str]) -> Iterator[str]:
    """A long sentence, or two in a row, that come again."""
    seen = set[str | tuple[str, str]]()
    for sentence, then in pairwise(_CONNECTIVE.sub("", "\n".join(sentences)).split("\n")):
        if sentence == then and len(sentence) >= _AT_ONCE:
            yield f"{quoted(sentence)} comes twice at once"
    for sentence in sentences:
        if len(sentence) >= _LONG_LINE:
            if sentence in seen:
                yield f"{quoted(sentence)} comes again"
            seen.add(sentence)
    if len(set(sentences)) == len(sentences):
        return
    for two in pairwise(sentences):
        if two in seen and len(two[0]) + len(two[1]) >= _TWO_LINES and two[0] != two[1]:
            yield f"{quoted('。'.join(two))} comes again"
        seen.add(two)
