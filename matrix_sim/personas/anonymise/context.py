"""Whether a part of a name that stands alone is the person or an ordinary word."""

from __future__ import annotations

import re

from matrix_sim.personas.anonymise.name_parts import NamePart
from matrix_sim.personas.anonymise.words import alternatives

_KANJI = re.compile(r"[々〆〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HIRAGANA = re.compile(r"[\u3041-\u3096ー]")
_KATAKANA = re.compile(r"[\u30a1-\u30faー]")
_HONORIFIC = re.compile(rf"[ ・]?(?:{alternatives('honorifics_ja')})(?!用|族)")
_INTRODUCTION = re.compile(rf"(?:{alternatives('introductions_ja')})")
_INTRODUCED = re.compile(
    r"(?:私は|わたしは|僕は|俺は|名前は|本名は|名は|どうも|はじめまして|[。!?\n])[、, ]?$"
)
_PARTICLE = re.compile(
    r"(?:です|だ|は|が|の|に|を|と|も|へ|で|や|って|より|から|まで|ね|よ|らし|という|さえ|しか)"
)
_PARTICLE_BEFORE = frozenset("はがのとでにをもやね")
_LOOK_BACK = 16
"""Characters before a name that can say that it is one."""

_CALLED = re.compile(
    r"(?:\bI'?m|\bI am|\bname'?s|\bname is|\bit'?s|\bthis is|\bcall me|\bcalled|\bhi|\bhello|\bhey"
    r"|\bdear|\bthanks|\bsigned|\blove|\bxoxo|\bcheers|[-~/|])[,:]? $",
    re.IGNORECASE,
)
_HERE = re.compile(r" here\b")
_CAPITAL_NEXT = re.compile(r" [A-Z]")
_ARTICLE = re.compile(r"\b(?:the|a|an|this|that|his|her|my|your|our|their|of|in|on|by) $", re.I)


def stands_alone(text: str, start: int, end: int, part: NamePart) -> bool:
    """Whether `part`, found at `text[start:end]` without another part beside it, is the person."""
    if part.latin:
        return _latin(text, start, end, part.careful)
    if _HONORIFIC.match(text, end):
        return not _same_script(text[start - 1 : start], text[start])
    if part.careful:
        introduced = start == 0 or _INTRODUCED.search(text, max(0, start - _LOOK_BACK), start)
        return bool(introduced) and _INTRODUCTION.match(text, end) is not None
    return _japanese(text, start, end)


def _japanese(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if any(_KANJI.match(c) for c in (text[start], text[end - 1])):
        return not (_KANJI.match(before) or _KANJI.match(after))
    if _KATAKANA.match(text[start]):
        return not (_KATAKANA.match(before) or _KATAKANA.match(after))
    free_before = not _HIRAGANA.match(before) or before in _PARTICLE_BEFORE
    free_after = not _HIRAGANA.match(after) or _PARTICLE.match(text, end)
    return bool(free_before and free_after)


def _same_script(before: str, first: str) -> bool:
    scripts = (_KANJI, _KATAKANA)
    return any(script.match(before) and script.match(first) for script in scripts)


def _latin(text: str, start: int, end: int, careful: bool) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if (before.isascii() and before.isalnum()) or (after.isascii() and after.isalnum()):
        return False
    if not careful:
        return True
    if not text[start].isupper() or (text[start:end].isupper() and end - start > 1):
        return False
    earliest = max(0, start - _LOOK_BACK)
    if _CALLED.search(text, earliest, start) or _HERE.match(text, end):
        return True
    if _ARTICLE.search(text, earliest, start) or _CAPITAL_NEXT.match(text, end):
        return False
    # A capital in the middle of a sentence; at its beginning every word has one.
    return re.search(r"[a-z,] $", text[max(0, start - 2) : start]) is not None
