"""From the name field of a profile to the parts of the name that may turn up in texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from matrix_sim.personas.anonymise.folded import folded
from matrix_sim.personas.anonymise.words import words

_JAPANESE = r"々〆〇\u3041-\u3096\u30a1-\u30faー\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_LAST_FIRST = re.compile(r"\s*([A-Z][A-Za-z'-]+), ([A-Z][A-Za-z' -]+)\s*")
_AFTER_AT = re.compile(r"@.*", re.DOTALL)
_SECTION = re.compile(r"[/|\\()\[\]「」『』【】<>〈〉《》;:,、。★☆♪♡♥~]+")
_RUN = re.compile(rf"[{_JAPANESE}]+(?:[ ・=][{_JAPANESE}]+)*|[A-Za-z][A-Za-z .'_-]*")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30faー]+")
_KANJI_ONLY = re.compile(r"[々〆〇\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_HYPHENED = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)+")
_KANJI_THEN_KANA = re.compile(
    r"([々〆〇\u3400-\u4dbf\u4e00-\u9fff]{1,4})([\u3041-\u3096\u30a1-\u30faー]{2,})"
)
_NICKNAME = re.compile(r"(?<=[A-Za-z.])\s*[(\"“]([A-Za-z]+(?:/[A-Za-z]+)*)[)\"”]\s*(?=[A-Za-z])")
"""Between two parts of a name: `Ekaterina (Katya) Voronova`, or `(she/her)`."""
_READING = re.compile(
    r"(?<=[々〆〇\u3400-\u4dbf\u4e00-\u9fff])\(([\u3041-\u3096\u30a1-\u30faー]+)\)"
    r"(?=[々〆〇\u3400-\u4dbf\u4e00-\u9fff]{1,3}(?:[(/]|$))"
)
"""Between family and given name, without a space: `嘉陽田(かようだ)朝子`."""
_LONGEST_FAMILY = 4
_MOST_LATIN_WORDS = 4


@dataclass(frozen=True, slots=True)
class NamePart:
    """One part of a name, as it is looked for."""

    plain: str
    """Folded, in small letters, katakana as hiragana."""
    latin: bool
    careful: bool
    """Whether it is an ordinary word too, so that alone it needs something to say it is a name."""

    def __repr__(self) -> str:
        return f"NamePart({len(self.plain)} characters)"


def hiragana(text: str) -> str:
    """Katakana as hiragana, one to one."""
    return text.translate(_TO_HIRAGANA)


_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def name_parts(name: str) -> tuple[NamePart, ...]:
    """The parts of a name field such as `山田太郎(やまだたろう) / Taro Yamada@お仕事募集中`.

    The first Japanese and the first Latin piece count, and kana beside kanji as their reading.
    What follows an @ is where the person is or what is on offer.
    """
    # "@" first is part of an account name and belongs to the handles.
    field = " ".join(_AFTER_AT.sub("", folded(name).text.lstrip("@ ")).split())
    field = _LAST_FIRST.sub(r"\2 \1", field) if _LAST_FIRST.fullmatch(field) else field
    nicknames, readings = _NICKNAME.findall(field), _READING.findall(field)
    field = _READING.sub(" ", _NICKNAME.sub(" ", field))
    found: dict[str, NamePart] = {}
    japanese = latin = False
    for section in _SECTION.split(field):
        for run in _RUN.findall(section):
            if run[0].isascii():
                parts = [] if latin else list(_latin_parts(run, nickname=False))
                latin = latin or bool(parts)
            elif not japanese:
                parts, japanese = list(_japanese_parts(run)), True
            else:
                parts = list(_reading_parts(run))
            for part in parts:
                found.setdefault(part.plain, part)
    for inner in nicknames:
        for part in _latin_parts(inner, nickname=True):
            found.setdefault(part.plain, part)
    for inner in readings:
        for part in _reading_parts(inner):
            found.setdefault(part.plain, part)
    return tuple(found.values())


def _japanese_parts(run: str) -> Iterator[NamePart]:
    pieces = re.split("[ ・=]", run)
    if len(pieces) == 1:
        pieces = list(_split(run))
    scripts = _KANJI_THEN_KANA.fullmatch(run) if len(pieces) == 1 else None
    if scripts is not None:
        # Only the change of script says so, and 猫カフェ has one too: alone, neither is a name yet.
        for piece in scripts.groups():
            yield replace(_japanese(piece), careful=True)
        return
    for piece in pieces:
        yield _japanese(piece)


def _reading_parts(run: str) -> Iterator[NamePart]:
    pieces = re.split("[ ・=]", run)
    if all(_KANA.fullmatch(piece) and piece not in words("no_reading_ja") for piece in pieces):
        for piece in pieces:
            yield _japanese(piece)


@cache
def _folded_words(name: str) -> frozenset[str]:
    return frozenset(folded(word).text for word in words(name))


def _split(whole: str) -> tuple[str, ...]:
    """Family and given name of a name that is written in one."""
    for length in range(min(_LONGEST_FAMILY, len(whole) - 1), 0, -1):
        if whole[:length] in _folded_words("family_names_ja"):
            return whole[:length], whole[length:]
    if _KANJI_ONLY.fullmatch(whole) and 3 <= len(whole) <= 5:
        return whole[:2], whole[2:]
    return (whole,)


def _japanese(piece: str) -> NamePart:
    short = len(piece) == 1 or (len(piece) == 2 and _KANA.fullmatch(piece) is not None)
    return NamePart(hiragana(piece.lower()), False, short or piece in _folded_words("careful_ja"))


def _latin_parts(run: str, *, nickname: bool) -> Iterator[NamePart]:
    hyphened = [word for word in _HYPHENED.findall(run) if not nickname]
    single = [word for word in _LATIN_WORD.findall(run) if len(word) > 1]
    named = [word for word in single if word.lower() not in words("no_name_en")]
    if len(named) > _MOST_LATIN_WORDS:
        return
    spelt_plainly = [word.replace("'", "") for word in named if "'" in word.strip("'")]
    for word in (*hyphened, *named, *spelt_plainly):
        plain = word.strip("'").lower()
        yield NamePart(plain, True, len(plain) <= 2 or plain in words("careful_en"))
