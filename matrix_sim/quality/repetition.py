"""`repetition`: no loops."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from unicodedata import normalize

from matrix_sim.config.quality import RepetitionCheckConfig
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.likeness import Gist, common_letters, letters_of, rephrases
from matrix_sim.quality.prose import spoken
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of

_ASKED_FOR = re.compile(any_of("refrains"))
_LENIENCE = 3
"""How much more often something may come where the user asks for verses and the like."""
_BREAK = re.compile("[。!?\n]+")
_SILENT = re.compile(r"[^\w\n]+|_+")
_MARK = r"^[ \t]*(?:[-*+•・●■◆>]+|[0-9]{1,3}[.):、]|\([0-9]+\))[ \t]*"
_ITEM = re.compile(_MARK, re.MULTILINE)
_ITEMS = re.compile(_MARK + "(.+)$", re.MULTILINE)
_QUOTED = re.compile('「[^「」]*」|『[^『』]*』|"[^"]*"|“[^“”]*”')
_SAYING = re.compile("[ァ-ヺー一-鿿]")
_CONNECTIVE = re.compile(f"^(?:{any_of('connectives')})", re.MULTILINE)
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
_IN_COMMON = 3
"""Letters that the sentences share at least."""
_PIECE, _STEP = 6, 4
_LONGEST_LOOP = 40
"""Characters of what follows upon itself."""
_PHRASE = 5
"""Characters of it that make more than onomatopoeia."""


class RepetitionCheck:
    """Looks for what comes again and again within a message, and for answers that come twice."""

    name = "repetition"

    def __init__(self, config: RepetitionCheckConfig) -> None:
        self._times = config.times

    def look(self, row: Row) -> Verdict:
        """Refused with the first loop."""
        return verdict(self.name, next(self._reasons(row), None))

    def _reasons(self, row: Row) -> Iterator[str]:
        asked = any(_ASKED_FOR.search(t.content.lower()) for t in row.turns if t.role == "user")
        scale = _LENIENCE if asked else 1
        for turn in (*row.turns, *row.chosen):
            text = _text_of(turn)
            for why in _in_message(text, self._times * scale, rephrasing=scale == 1):
                yield f"{turn.role}: {why}"
        answers = [turn.content for turn in row.turns if turn.role == "assistant"]
        if len(answers) < 2:
            return
        for answer, times in Counter(map(key_of, answers)).items():
            if times > 1 and len(answer) >= _ANSWER:
                yield f"assistant: the answer {quoted(answer)} comes {times} times"


def _text_of(turn: Turn) -> str:
    if turn.role == "system":
        return ""
    text = spoken(turn.content)
    # What a user quotes is what the user asks about.
    return _QUOTED.sub("", text) if turn.role == "user" else text


def _in_message(text: str, times: int, *, rephrasing: bool) -> Iterator[str]:
    yield from _loops(text, times)
    folded = normalize("NFKC", text).casefold()
    if "|" in folded:  # rows of a table are no sentences
        folded = "\n".join(line for line in folded.split("\n") if "|" not in line)
    said = _bare(_BREAK.sub("\n", _ITEM.sub("", folded)))
    if said.count("\n") + 1 < times:
        return
    sentences = [sentence for sentence in said.split("\n") if len(sentence) >= _SENTENCE]
    at_once = sum(one == other for one, other in pairwise(sentences))
    if at_once >= times - 1:
        yield f"{at_once} sentences come again at once, such as {quoted(sentences[0])}"
    for sentence, count in _often(_CONNECTIVE.sub("", "\n".join(sentences)), times):
        yield f"{quoted(sentence)} comes {count} times"
    for frame, count in _often(_CHANGING.sub("", said), max(times, _FRAME_TIMES)):
        if len(_SAYING.findall(frame)) >= 2:
            yield f"{quoted(frame)} comes {count} times, with only a number changed"
    if rephrasing:
        yield from _rephrased(sentences, times)
    again = _cycle([_bare(match[1]) for match in _items(folded)])
    if again is not None:
        yield f"the items of a list come round again: {quoted(again)}"
    paragraphs = [p for p in folded.split("\n\n") if len(p) >= _PARAGRAPH]
    if len(paragraphs) < 2:
        return
    for paragraph, count in _often("\n".join(_bare(p).replace("\n", "") for p in paragraphs), 2):
        yield f"the paragraph {quoted(paragraph)} comes {count} times"


def _often(lines: str, times: int) -> Iterator[tuple[str, int]]:
    """Lines that come so many times or more."""
    pieces = lines.split("\n")
    if len(pieces) - len(set(pieces)) < times - 1:
        return
    yield from ((one, count) for one, count in Counter(pieces).items() if one and count >= times)


def _bare(text: str) -> str:
    """The letters and digits of a folded text, and where its lines end."""
    text = text.replace("、", "").replace(" ", "")
    if text.replace("\n", "").isalnum():  # quick to find out, and mostly so
        return text
    return _SILENT.sub("", text)


def _items(folded: str) -> Iterable[re.Match[str]]:
    """The items of a list, if there can be as many as two that come twice."""
    return _ITEMS.finditer(folded) if folded.count("\n") >= 3 else ()


def _cycle(items: list[str]) -> str | None:
    """Which item of a list is the last of several that come round again."""
    for length in range(2, min(_LONGEST_CYCLE, len(items) // 2) + 1):
        again = 0
        for place in range(length, len(items)):
            again = again + 1 if items[place] == items[place - length] else 0
            if again >= length and items[place] != items[place - 1]:
                return items[place - length]
    return None


def _loops(text: str, times: int) -> Iterator[str]:
    """Something that follows upon itself at once.

    A loop is at least a period and ten characters long, so that one of the pieces that are
    looked for again lies within it.
    """
    if not _may_loop(text, times):
        return
    place = 0
    while place <= len(text) - 2 * _STEP:
        piece = text[place : place + _PIECE]
        again = text.find(piece, place + 1, place + _LONGEST_LOOP + _PIECE)
        if again >= 0:
            period = again - place
            start, end = _extent(text, place, period)
            count = (end - start) // period
            unit = text[start : start + period]
            if count >= _enough(period, times) and _is_said(unit):
                yield f"{quoted(unit)} follows upon itself {count} times"
            place = max(place, end - period - _PIECE)
        place += _STEP


def _may_loop(text: str, times: int) -> bool:
    """Whether a piece comes again soon, of pieces so far apart that each loop has one of them.

    Most messages are done with here.
    """
    again = min((_enough(period, times) - 1) * period for period in range(1, _PHRASE + 1))
    find, within = text.find, _LONGEST_LOOP + _PIECE
    for place in range(0, len(text) - 2 * _STEP + 1, max(_STEP, again - _PIECE + 1)):
        if find(text[place : place + _PIECE], place + 1, place + within) >= 0:
            return True
    return False


def _extent(text: str, place: int, period: int) -> tuple[int, int]:
    """From where to where a text repeats itself with a period."""
    start, end = place, place + period
    while start > 0 and text[start - 1] == text[start - 1 + period]:
        start -= 1
    while end < len(text) and text[end] == text[end - period]:
        end += 1
    return start, end


def _enough(period: int, times: int) -> int:
    """How often in a row is too often: a letter, a syllable or two, a phrase."""
    return 5 * times if period == 1 else 2 * times if period < _PHRASE else times


def _is_said(unit: str) -> bool:
    """Whether it is words, and no ruler, row of a table or number."""
    return "\n" not in unit and any(character.isalpha() for character in unit)


def _rephrased(sentences: list[str], times: int) -> Iterator[str]:
    """Sentences that say the same in other words."""
    long_ones = [s for s in sentences if len(s) >= _LONG_SENTENCE][:_MOST_COMPARED]
    if len(long_ones) < times:
        return
    if common_letters("".join(long_ones), times) < _IN_COMMON:  # most answers end here
        return
    letters = letters_of(long_ones)
    often = sum(count >= times for count in Counter(chain(*letters)).values())
    if often < _IN_COMMON:
        return
    for place, mine in enumerate(letters[: len(letters) - times + 1]):
        near = [
            n
            for n in range(place + 1, len(letters))
            if 2 * len(mine & letters[n]) >= _SHARED * (len(mine) + len(letters[n]))
        ]
        if len(near) + 1 < times:
            continue
        one = Gist(long_ones[place])
        again = sum(rephrases(one, Gist(long_ones[n])) for n in near)
        if again + 1 >= times:
            yield f"{quoted(long_ones[place])} is said {again + 1} times in other words"
            return
