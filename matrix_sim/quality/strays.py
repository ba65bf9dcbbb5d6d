"""Words and signs that slip into Japanese: of other languages, and characters left encoded."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import cache

from matrix_sim.quality.vocabulary import any_of, vocabulary

_ALONE = r"(?<![A-Za-zÀ-ỹ0-9_'’-])"
_JAPANESE = "ぁ-ゖァ-ヺー々一-鿿"
_ENCODED = re.compile(
    r"(?:\\u[0-9a-fA-F]{4}){2}|(?:\\x[0-9a-fA-F]{2}){3}|&#x?[0-9A-Fa-f]{2,6};"
    r"|&(?:nbsp|amp|quot|lt|gt|apos);"
    r"|<0x[0-9A-Fa-f]{2}>|<unk>|\[UNK\]|[ĠĊ](?=\w)|▁(?=\w)"  # bytes and tokens of a model
    r"|(?:%[0-9A-F]{2}){5}|(?:=[0-9A-F]{2}){5}|=\?(?i:utf-8|iso-2022-jp|shift_jis)\?"
    r"|[。、！？」]\\n|\x1b[$(]|〓〓"
)
_SIGN_OF_CODE = re.compile(r"[\\&<\[%=ĠĊ▁\x1b〓]")
_LOWER = re.compile("[A-Za-z][a-zà-ÿ\u1ea0-\u1ef9]")
_FOREIGN = re.compile(rf"{_ALONE}(?:{any_of('foreign_words')})(?=[、。,，]|[ ]?[{_JAPANESE}])")
_VIETNAMESE = re.compile(rf"{_ALONE}[a-zà-ÿ]*[ăđơư\u1ea1-\u1ef9]+[a-z]*")
"""A word with a letter that nothing else has; names begin with a capital."""
_OF_VIETNAMESE = re.compile("[ăđơư\u1ea1-\u1ef9]")
_JOINT = re.compile(
    rf"{_ALONE}(?i:{any_of('english_joints')})[ ]?[,、，][ ]?(?=[{_JAPANESE}])"
    rf"|(?<=[{_JAPANESE}、。])[ ]?(?:{any_of('english_joints_alone')})(?=[ ]?[{_JAPANESE}])"
)
_HEADING = re.compile(
    rf"^[#*_>\s\d.()【\[-]*((?i:{any_of('english_headings')}))"
    rf"[*_】\]]*[ ]*(?:$|[:：][*_]*[ ]*(?:$|(?=[{_JAPANESE}])))",
    re.MULTILINE,
)
_PHRASE = re.compile(
    rf"(?:^|(?<=[。！？!?\n]))[ 　]*((?i:{any_of('english_phrases')}))"
    r"(?:[ ]?[!！.,、，。…]|[ ]*$|[ ](?=[a-z]))",
    re.MULTILINE,
)
_LABEL = re.compile(r"^[#*\s\d.()-]*([A-Z][A-Za-z'’&, -]{6,60})[*]*[ ]?[:：]", re.MULTILINE)
_LABELS = 2
"""English ones of a list that are too many."""
_WISH = re.compile(rf"{_ALONE}(?i:{any_of('english_wishes')})(?![\w-])[^\n。]*")


def encoded(text: str) -> re.Match[str] | None:
    """Where characters stand as they are written in a file: escapes, entities, bytes, tokens."""
    return _ENCODED.search(text) if _SIGN_OF_CODE.search(text) else None


def has_words(text: str) -> bool:
    """Whether there are Latin words at all; mostly not, and then nothing below is to be found."""
    return _LOWER.search(text) is not None


def foreign_word(text: str, words: AbstractSet[str]) -> re.Match[str] | None:
    """Where a word of a European language or of Vietnamese stands, none that Japanese borrows.

    Args:
        text: what is said.
        words: those of it in Latin letters, in small ones.
    """
    if not words.isdisjoint(vocabulary("foreign_words")):
        return _FOREIGN.search(text)
    return _VIETNAMESE.search(text) if _OF_VIETNAMESE.search(text) else None


def english_joint(text: str, words: AbstractSet[str]) -> str | None:
    """An English word at a joint of the Japanese: "however、"."""
    first = _first_words("english_joints") | _first_words("english_joints_alone")
    if words.isdisjoint(first):
        return None
    found = _JOINT.search(text)
    return None if found is None or found[0].isupper() else found[0]


def english_frame(text: str, words: AbstractSet[str]) -> str | None:
    """English around the Japanese of an answer: a heading, a greeting, good wishes at the end."""
    for name, pattern in (("english_headings", _HEADING), ("english_phrases", _PHRASE)):
        if words.isdisjoint(_first_words(name)):
            continue
        found = pattern.search(text)
        if found is not None and not found[1].isupper():
            return found[1]
    labels = [label for label in _LABEL.findall(text) if _is_wording(label)]
    return labels[0] if len(labels) >= _LABELS else None


def _is_wording(label: str) -> bool:
    """Whether it is words, and no name of a thing."""
    words = label.lower().split()
    common = vocabulary("english_words") | vocabulary("plain_english")
    return len(words) > 1 and not common.isdisjoint(words)


@cache
def _first_words(name: str) -> frozenset[str]:
    return frozenset(phrase.partition("~")[0] for phrase in vocabulary(name))


def english_wish(text: str, words: AbstractSet[str]) -> str | None:
    """What a user wants, in English among Japanese."""
    if words.isdisjoint(_first_words("english_wishes")):
        return None
    found = _WISH.search(text)
    return None if found is None or len(found[0].split()) < 3 else found[0]
