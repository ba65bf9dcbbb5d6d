"""`repetition`: no loops."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, pairwise
from unicodedata import normalize

from matrix_sim.config.quality import RepetitionCheckConfig
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.likeness import Gist, common_letters, letters_of, rephrases
from matrix_sim.quality.prose import spoken
from matrix_sim.quality.runs import is_too_often, runs
from matrix_sim.quality.said_again import SEVERAL, in_dialogue, in_message
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
_PHRASE_LETTERS, _PHRASE_TIMES = 6, 4
"""Letters of a phrase, and how often in one sentence is too often."""
_REWORDED, _SHORT_SENTENCE = 5, 8
"""Sentences of so many letters that may not all say the same."""
_SAME_LETTERS, _SAME_SAID = 0.6, 0.5
"""Of the letters of two of these, the share in both; of those that carry what is said."""
_SAME_ITEMS = 5
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
        asked = "\n".join(turn.content for turn in row.turns if turn.role == "user").lower()
        sung = _ASKED_FOR.search(asked) is not None
        times = self._times * (_LENIENCE if sung else 1)
        twice = not sung and SEVERAL.search(asked) is None
        for turn in (*row.turns, *row.chosen):
            answering = turn.role == "assistant"
            text = _text_of(turn)
            found: Iterator[str] = _in_message(
                text, times, rephrasing=not sung, shown=not answering
            )
            if answering:
                if not sung:
                    found = chain(found, _in_answer(text, times, twice=twice))
                found = chain(found, runs(turn.content))
            yield from (f"{turn.role}: {why}" for why in found)
        yield from in_dialogue(row.turns, self._times)
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


def _in_message(text: str, times: int, *, rephrasing: bool, shown: bool) -> Iterator[str]:
    yield from _loops(text, times)
    folded = _folded(text)
    said = _said(text)
    yield from _in_sentence(said)
    if said.count("\n") + 1 < times:
        return
    sentences = [sentence for sentence in said.split("\n") if len(sentence) >= _SENTENCE]
    at_once = sum(one == other for one, other in pairwise(sentences))
    if at_once >= times - 1:
        yield f"{at_once} sentences come again at once, such as {quoted(sentences[0])}"
    for sentence, count in _often(_CONNECTIVE.sub("", "\n".join(sentences)), times):
        yield f"{quoted(sentence)} comes {count} times"
    # The lines of a log or a ledger that a user shows are alike.
    framed = "" if shown and text.count("\n") >= _FRAME_TIMES else _CHANGING.sub("", said)
    for frame, count in _often(framed, max(times, _FRAME_TIMES)):
        if len(_SAYING.findall(frame)) >= 2:
            yield f"{quoted(frame)} comes {count} times, with only a number changed"
    if rephrasing:
        yield from _rephrased(sentences, times)
    items = [_bare(match[1]) for match in _items(folded)]
    if len(items) - len(set(items)) >= _SAME_ITEMS - 1:
        item, count = Counter(filter(None, items)).most_common(1)[0]
        if count >= max(_SAME_ITEMS, len(items) / 2):
            yield f"the item {quoted(item)} comes {count} times"
    again = _cycle(items)
    if again is not None:
        yield f"the items of a list come round again: {quoted(again)}"
    paragraphs = [p for p in folded.split("\n\n") if len(p) >= _PARAGRAPH]
    if len(paragraphs) < 2:
        return
    for paragraph, count in _often("\n".join(_bare(p).replace("\n", "") for p in paragraphs), 2):
        yield f"the paragraph {quoted(paragraph)} comes {count} times"


@lru_cache(maxsize=8)
def _folded(text: str) -> str:
    """The text in one width and case, without tables: their rows are no sentences."""
    folded = normalize("NFKC", text).casefold()
    if "|" not in folded:
        return folded
    return "\n".join(line for line in folded.split("\n") if "|" not in line)


@lru_cache(maxsize=8)
def _said(text: str) -> str:
    """Its sentences, bare, a line each."""
    return _bare(_BREAK.sub("\n", _ITEM.sub("", _folded(text))))


def _in_answer(text: str, times: int, *, twice: bool) -> Iterator[str]:
    """What a user may write and an assistant may not.

    Args:
        text: what the answer says.
        times: how often something may not come.
        twice: whether something long may not come even twice.
    """
    sentences = _said(text).split("\n")
    if len(sentences) < 2:
        return
    if twice:
        folded = _folded(text)
        lines = _bare(_ITEM.sub("", folded)).split("\n") if "\n" in folded else ()
        yield from in_message(sentences, lines)
    yield from _reworded(sentences)
    ends = "\n".join(s[-_LONG_SENTENCE:] for s in sentences if len(s) > _LONG_SENTENCE)
    for end, count in _often(ends, 2 * times):
        yield f"{count} sentences end in {quoted(end)}"


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


def _in_sentence(said: str) -> Iterator[str]:
    """A phrase that a single sentence comes back to again and again."""
    for sentence in said.split("\n"):
        if len(sentence) < _PHRASE_TIMES * _PHRASE_LETTERS + _PHRASE:
            continue
        if len(set(sentence)) * 2 > len(sentence):
            continue
        starts = range(len(sentence) - _PHRASE_LETTERS + 1)
        grams = Counter(sentence[n : n + _PHRASE_LETTERS] for n in starts)
        phrase, count = grams.most_common(1)[0]
        if not phrase.isascii() and len(set(phrase)) > 2 and count >= _PHRASE_TIMES:
            yield f"{quoted(phrase)} comes {count} times in a sentence"


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
            if count >= times and _is_loop(unit, count, times):
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


def _is_loop(unit: str, count: int, times: int) -> bool:
    """Whether it comes too often, for words or for signs."""
    if any(character.isalpha() for character in unit):
        return "\n" not in unit and count >= _enough(len(unit), times)
    return is_too_often(unit, count, times)


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


def _reworded(sentences: list[str]) -> Iterator[str]:
    """Short sentences that say the same in the same few words, in any order."""
    short = [s for s in sentences if len(s) >= _SHORT_SENTENCE][:_MOST_COMPARED]
    if len(short) < _REWORDED:
        return
    letters = letters_of(short)
    often = {c for c, count in Counter(chain(*letters)).items() if count >= _REWORDED}
    if len(often) < 2:
        return
    bags = [Counter(sentence) for sentence in short]
    for place, mine in enumerate(letters[: len(letters) - _REWORDED + 1]):
        near = [
            n
            for n in range(place, len(letters))
            if 2 * len(mine & letters[n]) >= _SAME_SAID * (len(mine) + len(letters[n]))
            and 2 * (bags[place] & bags[n]).total()
            >= _SAME_LETTERS * (len(short[place]) + len(short[n]))
        ]
        if len(near) < _REWORDED:
            continue
        counted = Counter(chain(*(letters[n] for n in near)))
        # What only one of them has is what it is about.
        same = [n for n in near if all(counted[c] > 1 for c in letters[n])]
        if len(same) >= _REWORDED:
            yield f"{quoted(short[place])} is said {len(same)} times in other words"
            return
