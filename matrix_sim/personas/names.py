"""A person's name, found in texts that begin with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_LETTER = (
    r"[\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Kana, kanji, and the marks 々, 〆, 〇 and ー."""
_FAMILY = re.compile(rf"\s*({_LETTER}{{1,8}})[ \u3000・]+")
_GIVEN = re.compile(rf"{_LETTER}{{1,8}}")
_TOPIC = re.compile(r"(?:さん|氏|様)?\s*(?:[（(][^）)]{1,20}[）)])?\s*[はがの]")
"""What follows a name: perhaps an honorific, perhaps the age in brackets, then a particle."""


def find_name(texts: Sequence[str]) -> str:
    """The "family given" name that more than half of the texts begin with, or an empty text.

    A given name may itself hold は, が or の (みはる, ほのか), so every cut before such a
    character is a candidate, each text votes for its candidates, and of those with equal votes
    the longest wins: what follows the name differs from text to text. With one vote there is
    nothing to compare, and the shortest wins.
    """
    votes = Counter(name for text in texts for name in _candidates(text))
    if not votes:
        return ""
    most = max(votes.values())
    if most * 2 <= len(texts):
        return ""
    best = sorted(
        (name for name in votes if votes[name] == most), key=lambda name: (len(name), name)
    )
    return best[-1] if most > 1 else best[0]


def _candidates(text: str) -> Iterator[str]:
    family = _FAMILY.match(text)
    given = _GIVEN.match(text, family.end()) if family else None
    if family is None or given is None:
        return
    for end in range(given.start() + 1, given.end() + 1):
        if _TOPIC.match(text, end):
            yield f"{family[1]} {text[given.start() : end]}"
