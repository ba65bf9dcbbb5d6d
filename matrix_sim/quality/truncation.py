"""`truncation`: nothing breaks off."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matrix_sim.quality.broken_lists import ITEM_ALONE, list_end, promised
from matrix_sim.quality.broken_sentences import answer_breaks_off, user_breaks_off
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.open_marks import open_mark
from matrix_sim.quality.prose import parts_of
from matrix_sim.quality.verdicts import end_of, verdict
from matrix_sim.quality.vocabulary import any_of

_ANNOUNCES = re.compile(rf"(?:{any_of('announcements')})[^\n]{{0,12}}[。:：]?\s*$")
_COMMA = re.compile(
    r"(?:[、，,:：；→＝=＋×&＆／|｜]|(?<![A-Za-z+])\+|(?<![)\w}\"'`\]>]);|、[①-⑳]|[0-9万億千][〜～]|[0-9]-)\s*$"
)
_VERSE = re.compile(rf"(?:{any_of('verses')})")
"""What may end as no sentence does."""
_FRAGMENT = re.compile(rf"(?:{any_of('fragments')})")
"""Asked for in these words, an answer may stop anywhere."""
_END = 60
"""Characters of a line in which its end is looked for."""
_MARKUP = "*_~` 　\t\r\n"


class TruncationCheck:
    """Looks at the end of every answer and of the user's messages."""

    name = "truncation"

    def look(self, row: Row) -> Verdict:
        """Refused with the first message that breaks off."""
        asked = [turn.content for turn in row.turns if turn.role == "user"]
        fragment = any(_FRAGMENT.search(content) for content in asked)
        verse = fragment or any(_VERSE.search(content) for content in asked)
        said = (*row.turns, *row.chosen)
        reasons = (why for turn in said for why in _reasons(turn, verse, fragment))
        return verdict(self.name, next(reasons, None))


def _reasons(turn: Turn, verse: bool, fragment: bool) -> Iterator[str]:
    if turn.role == "system" or not turn.content.strip():
        return
    parts = parts_of(turn.content)
    if any(not fence.closed for fence in parts.fences):
        yield f"{turn.role}: a code fence is never closed: {end_of(turn.content)}"
        return
    if parts.fences and not parts.prose.rsplit("\n", 1)[-1].strip():
        return  # code is the end
    prose = parts.prose.rstrip()
    lines = prose.split("\n")
    by_user = turn.role == "user"
    why = open_mark(prose, lines[-1], by_user)
    if why is None:
        why = _user_end(lines) if by_user else _answer_end(lines, verse, fragment)
    if why is not None:
        yield f"{turn.role}: {why}: {end_of(prose)}"


def _answer_end(lines: list[str], verse: bool, fragment: bool) -> str | None:
    whole, why = list_end(lines)
    if why is not None or whole:
        return why
    plain = lines[-1][-_END:].strip(_MARKUP)
    if _COMMA.search(plain) and not fragment:
        return "ends where more must follow"
    if _ANNOUNCES.search(plain):
        return "announces what does not follow"
    if not verse and answer_breaks_off(lines, lines[-1].strip(_MARKUP)):
        return "ends within a sentence"
    return promised(lines)


def _user_end(lines: list[str]) -> str | None:
    line = lines[-1]
    plain = line.strip(_MARKUP)
    if ITEM_ALONE.fullmatch(line) and (len(lines) > 1 or len(line.strip()) > 1):
        return "an item with nothing in it"
    if plain.endswith(("、", "，", ",")):
        return "ends where more must follow"
    return "ends within a sentence" if user_breaks_off(lines, plain) else None
