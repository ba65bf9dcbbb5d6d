"""`repetition`: no loops."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from unicodedata import normalize

import numpy as np

from matrix_sim.config.quality import RepetitionCheckConfig
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.gram_hashes import gram_hashes
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.likeness import gist, letters_of, rephrases
from matrix_sim.quality.prose import spoken
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of

_ASKED_FOR = re.compile(rf"(?:{any_of('refrains')})", re.IGNORECASE)
_LENIENCE = 3
"""How much more often something may come where the user asks for verses and the like."""
_BREAK = re.compile("[。!?\n]+")
_SILENT = re.compile(r"[^\w\n]+|_+")
_MARK = r"^[ \t]*(?:[-*+•・●■◆>]+|[0-9]{1,3}[.):、]|\([0-9]+\))[ \t]*"
_ITEM = re.compile(_MARK, re.MULTILINE)
_ITEMS = re.compile(_MARK + "(.+)$", re.MULTILINE)
_QUOTED = re.compile('「[^「」]*」|『[^『』]*』|"[^"]*"|“[^”]*”')
_SAYING = re.compile("[ァ-ヺー一-鿿]")
_CONNECTIVE = re.compile(f"^(?:{any_of('connectives')})")
_CHANGING = re.compile("[0-9月火水木金土日]")
_SENTENCE = 5
"""Letters of what counts as a sentence."""
_FRAME_TIMES = 5
"""How often a sentence may come with nothing but a number or a weekday changed."""
_LONG_SENTENCE = 15
_PARAGRAPH = 40
_ANSWER = 10
_LONGEST_CYCLE = 20
_SHARED = 0.6
"""Of the characters that carry what is said, the share without which no two are compared."""
_MOST_COMPARED = 40
"""Sentences of a message that are compared with each other."""
_GRAM = 6
_FEW = 4
_LONGEST_LOOP = 40
_SAME_LETTER = re.compile(r"([^\W\d_])\1{14,}")
_SHORT_LOOP = re.compile(r"([^\n]{2,4}?)\1{5,}")
_LONG_LOOP = re.compile(r"([^\n]{5,40}?)\1{2,}")


class RepetitionCheck:
    """Looks for what comes again and again within a message, and for answers that come twice."""

    name = "repetition"

    def __init__(self, config: RepetitionCheckConfig) -> None:
        self._times = config.times

    def look(self, row: Row) -> Verdict:
        """Refused with the first loop."""
        return verdict(self.name, next(self._reasons(row), None))

    def _reasons(self, row: Row) -> Iterator[str]:
        asked = any(_ASKED_FOR.search(t.content) for t in row.turns if t.role == "user")
        scale = _LENIENCE if asked else 1
        for turn in (*row.turns, *row.chosen):
            if turn.role == "system":
                continue
            text = spoken(turn.content)
            if turn.role == "user":
                text = _QUOTED.sub("", text)
            for why in _in_message(text, self._times * scale, rephrasing=scale == 1):
                yield f"{turn.role}: {why}"
        answers = [turn.content for turn in row.turns if turn.role == "assistant"]
        if len(answers) < 2:
            return
        for answer, times in Counter(map(key_of, answers)).items():
            if times > 1 and len(answer) >= _ANSWER:
                yield f"assistant: the answer {quoted(answer)} comes {times} times"


def _in_message(text: str, times: int, *, rephrasing: bool) -> Iterator[str]:
    yield from _run(text, times)
    folded = normalize("NFKC", text).casefold()
    if "|" in folded:  # rows of a table are no sentences
        folded = "\n".join(line for line in folded.split("\n") if "|" not in line)
    said = _SILENT.sub("", _BREAK.sub("\n", _ITEM.sub("", folded)))
    sentences = said.split("\n")
    if len(sentences) < times:
        return
    frames = Counter(_CHANGING.sub("", said).split("\n"))
    sentences = [sentence for sentence in sentences if len(sentence) >= _SENTENCE]
    at_once = sum(one == other for one, other in pairwise(sentences))
    if at_once >= times - 1:
        yield f"{at_once} sentences come again at once, such as {quoted(sentences[0])}"
    for sentence, count in Counter(map(_unconnected, sentences)).items():
        if count >= times:
            yield f"{quoted(sentence)} comes {count} times"
    for frame, count in frames.items():
        if count >= max(times, _FRAME_TIMES) and len(_SAYING.findall(frame)) >= 2:
            yield f"{quoted(frame)} comes {count} times, with only a number changed"
    if rephrasing:
        yield from _rephrased(sentences, times)
    again = _cycle([_bare(match[1]) for match in _ITEMS.finditer(folded)])
    if again is not None:
        yield f"the items of a list come round again: {quoted(again)}"
    if "\n\n" not in folded:
        return
    paragraphs = Counter(_bare(p) for p in folded.split("\n\n") if len(p) >= _PARAGRAPH)
    for paragraph, count in paragraphs.items():
        if count > 1:
            yield f"the paragraph {quoted(paragraph)} comes {count} times"


def _unconnected(sentence: str) -> str:
    """A sentence without the word that ties it to the one before it."""
    return _CONNECTIVE.sub("", sentence)


def _bare(text: str) -> str:
    """A folded text's letters and digits."""
    return _SILENT.sub("", text)


def _cycle(items: list[str]) -> str | None:
    """Which item of a list is the last of several that come round again."""
    for length in range(2, min(_LONGEST_CYCLE, len(items) // 2) + 1):
        again = 0
        for place in range(length, len(items)):
            again = again + 1 if items[place] == items[place - length] else 0
            if again >= length and items[place] != items[place - 1]:
                return items[place - length]
    return None


def _run(text: str, times: int) -> Iterator[str]:
    """Something that follows upon itself at once."""
    if not _repeats(text):
        return
    same = _SAME_LETTER.search(text)
    if same is not None:
        yield f"{quoted(same[0])} is one letter {len(same[0])} times"
    for pattern, least in ((_SHORT_LOOP, 2 * times), (_LONG_LOOP, times)):
        for loop in pattern.finditer(text):
            count = len(loop[0]) // len(loop[1])
            if count >= least and any(c.isalpha() for c in loop[1]) and len(set(loop[1])) > 1:
                yield f"{quoted(loop[1])} follows upon itself {count} times"


def _repeats(text: str) -> bool:
    """Whether enough of a text comes again at the same distance that there may be a loop.

    What is said three times over, five characters or more, or six times has five grams that do.
    """
    if len(text) < 2 * _GRAM:
        return False
    grams = gram_hashes(text, _GRAM)
    order = np.argsort(grams, kind="stable")
    grams = grams[order]
    periods = np.diff(order)[grams[1:] == grams[:-1]]
    periods = periods[periods <= _LONGEST_LOOP]
    return len(periods) >= _FEW and int(np.bincount(periods).max()) >= _FEW


def _rephrased(sentences: list[str], times: int) -> Iterator[str]:
    """Sentences that say the same in other words."""
    long_ones = [s for s in sentences if len(s) >= _LONG_SENTENCE][:_MOST_COMPARED]
    if len(long_ones) < times:
        return
    letters = letters_of(long_ones)
    for place, mine in enumerate(letters[: len(letters) - times + 1]):
        near = [
            n
            for n in range(place + 1, len(letters))
            if 2 * len(mine & letters[n]) >= _SHARED * (len(mine) + len(letters[n]))
        ]
        if len(near) + 1 < times:
            continue
        one = gist(long_ones[place])
        again = sum(rephrases(one, gist(long_ones[n])) for n in near)
        if again + 1 >= times:
            yield f"{quoted(long_ones[place])} is said {again + 1} times in other words"
            return
