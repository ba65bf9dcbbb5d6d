"""`repetition`: no loops."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from matrix_sim.config.quality import RepetitionCheckConfig
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.likeness import gist, rephrases
from matrix_sim.quality.prose import spoken
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of

_ASKED_FOR = re.compile(rf"(?:{any_of('refrains')})", re.IGNORECASE)
_LENIENCE = 3
"""How much more often something may come where the user asks for verses and the like."""
_BREAK = re.compile(r"[。！？!?\n]+")
_ITEM = re.compile(r"^\s*(?:[-*+•・●■◆>]+|[0-9０-９]+[.)．）:：、]|[①-⑳]|\([0-9]+\))\s*")
_QUOTED = re.compile("「[^「」]*」|『[^『』]*』|\"[^\"]*\"|“[^”]*”")
_SAYING = re.compile("[ァ-ヺー一-鿿]")
_CHANGING = re.compile("[0-9月火水木金土日]")
_SENTENCE = 5
"""Letters of what counts as a sentence."""
_FRAME_TIMES = 5
"""How often a sentence may come with nothing but a number or a weekday changed."""
_LONG_SENTENCE = 15
_PARAGRAPH = 40
_ANSWER = 10
_MOST_COMPARED = 40
"""Sentences of a message that are compared with each other."""
_GRAM = 6
_FEW = 4
"""Grams that come again in most texts."""
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
        answers = [key_of(turn.content) for turn in row.turns if turn.role == "assistant"]
        for answer, times in Counter(answers).items():
            if times > 1 and len(answer) >= _ANSWER:
                yield f"assistant: the answer {quoted(answer)} comes {times} times"


def _in_message(text: str, times: int, *, rephrasing: bool) -> Iterator[str]:
    yield from _run(text, times)
    sentences = [key_of(_ITEM.sub("", piece)) for piece in _pieces(text)]
    frames = Counter(_CHANGING.sub("", s) for s in sentences if _CHANGING.search(s))
    sentences = [sentence for sentence in sentences if len(sentence) >= _SENTENCE]
    for sentence, count in Counter(sentences).items():
        if count >= times:
            yield f"{quoted(sentence)} comes {count} times"
    for frame, count in frames.items():
        if count >= max(times, _FRAME_TIMES) and len(_SAYING.findall(frame)) >= 2:
            yield f"{quoted(frame)} comes {count} times, with only a number changed"
    if rephrasing:
        yield from _rephrased(sentences, times)
    items = [key_of(line) for line in map(_item_of, text.split("\n")) if line]
    again = _cycle(items, times)
    if again is not None:
        yield f"the items of a list come round again: {quoted(again)}"
    paragraphs = Counter(key_of(p) for p in text.split("\n\n") if len(p) >= _PARAGRAPH)
    for paragraph, count in paragraphs.items():
        if count > 1:
            yield f"the paragraph {quoted(paragraph)} comes {count} times"


def _cycle(items: list[str], times: int) -> str | None:
    """What items of a list come round again: three or more of them, or two that do `times` over."""
    for length in range(2, len(items) // 2 + 1):
        again = 0
        for place in range(length, len(items)):
            again = again + 1 if items[place] == items[place - length] else 0
            if again >= (length if length > 2 else length * (times - 1)):
                return items[place - length]
    return None


def _pieces(text: str) -> list[str]:
    """The sentences; rows of tables are none."""
    if "|" in text or "｜" in text:
        text = "\n".join(line for line in text.split("\n") if "|" not in line and "｜" not in line)
    return _BREAK.split(text)


def _item_of(line: str) -> str:
    mark = _ITEM.match(line)
    return "" if mark is None else line[mark.end() :]


def _run(text: str, times: int) -> Iterator[str]:
    """Something that follows upon itself at once."""
    same = _SAME_LETTER.search(text)
    if same is not None:
        yield f"{quoted(same[0])} is one letter {len(same[0])} times"
    grams = len(text) - _GRAM + 1
    if grams < 1 or grams - len({text[n : n + _GRAM] for n in range(grams)}) < _FEW:
        return
    for pattern, least in ((_SHORT_LOOP, 2 * times), (_LONG_LOOP, times)):
        for loop in pattern.finditer(text):
            count = len(loop[0]) // len(loop[1])
            if count >= least and any(c.isalpha() for c in loop[1]) and len(set(loop[1])) > 1:
                yield f"{quoted(loop[1])} follows upon itself {count} times"


def _rephrased(sentences: list[str], times: int) -> Iterator[str]:
    """Sentences that say the same in other words."""
    long_ones = [s for s in sentences if len(s) >= _LONG_SENTENCE][:_MOST_COMPARED]
    if len(long_ones) < times:
        return
    gists = [gist(sentence) for sentence in long_ones]
    for place, one in enumerate(gists[: len(gists) - times + 1]):
        again = sum(
            rephrases(one, other) for other in gists[place + 1 :]
        )
        if again + 1 >= times:
            yield f"{quoted(long_ones[place])} is said {again + 1} times in other words"
            return
