"""Rules for what leads to a person on the net: e-mail addresses, links, account names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from matrix_sim.personas.anonymise.finds import Find, Kind
from matrix_sim.personas.anonymise.words import alternatives, words

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOT = r"(?:\.|\s?[\[({<]\s?dot\s?[\])}>]\s?|\s?ドット\s?)"
_AT = r"\s?(?:@|[\[({<]\s?(?:at|アット)\s?[\])}>]|アットマーク|アット|[★☆●◎◆])\s?"
_LOCAL = r"[A-Za-z0-9](?:[A-Za-z0-9._%+'-]*[A-Za-z0-9_+-])?"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9._%+-]){_LOCAL}{_AT}{_LABEL}(?:{_DOT}{_LABEL})*?{_DOT}[A-Za-z]{{2,24}}"
    rf"(?![A-Za-z0-9]|{_DOT}[A-Za-z])",
    re.IGNORECASE,
)
_SPOKEN_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9]){_LABEL}(?:\sdot\s{_LABEL}){{0,4}}\sat\s{_LABEL}(?:\sdot\s{_LABEL}){{0,4}}"
    rf"\sdot\s[A-Za-z]{{2,24}}(?![A-Za-z0-9])",
    re.IGNORECASE,
)

_PATH = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*"
_LINK = re.compile(
    rf"(?<![A-Za-z0-9])h?t?tps?://(?:[\w-]+\.)+[A-Za-z]{{2,24}}(?![A-Za-z0-9-]){_PATH}"
    rf"|(?<![A-Za-z0-9])(?:h?t?tps?|hxxps?|ftp)://[A-Za-z0-9]{_PATH}",
    re.IGNORECASE,
)
_WWW = re.compile(rf"(?<![A-Za-z0-9.@-])www\.{_PATH}", re.IGNORECASE)
_BARE = re.compile(
    rf"(?<![A-Za-z0-9._%+@/-])(?:{_LABEL}\.)+"
    rf"(?:(?:{alternatives('top_level')})(?![A-Za-z0-9-]|\.[A-Za-z0-9])(?:(?::[0-9]+)?/{_PATH})?"
    rf"|(?:{alternatives('top_level_with_path')})(?::[0-9]+)?/{_PATH})",
    re.IGNORECASE,
)
_CLOSING = {")": "(", "]": "["}

_HOST = rf"{_LABEL}(?:\.{_LABEL})*\.[A-Za-z]{{2,24}}"
_HANDLE = re.compile(
    r"(?<![A-Za-z0-9_%+/@-])(?<![A-Za-z0-9]\.)@"
    r"((?=[0-9_.]*[A-Za-z])[A-Za-z0-9_]{2,30}+(?:\.[A-Za-z0-9_]+)*+)"
    rf"(?:@{_HOST})?(?!/[A-Za-z])(?![A-Za-z0-9_@])"
)
_LABELLED = re.compile(
    r"(?:LINE\s?ID|(?<![A-Za-z])ID|Twitter|(?<![A-Za-z])X|(?<![A-Za-z])IG|Insta(?:gram)?|TikTok"
    r"|Discord|Skype|Telegram|Snap(?:chat)?|インスタ(?:グラム)?|ツイッター|カカオ(?:トーク)?)"
    r"\s?(?:[:=]|→|➡|は)\s?(@?(?=[0-9_.-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.-]{2,30})",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z0-9][A-Za-z0-9_.-]{1,31}#[0-9]{4}(?![0-9])")
_DISCORD = re.compile(r"discord|ディスコ", re.IGNORECASE)
_SHORTEST_BARE_HANDLE = 4


def find_emails(text: str) -> Iterator[Find]:
    """E-mail addresses, also those that are written so that machines should not read them."""
    if "." in text or "dot" in text.lower() or "ドット" in text:
        yield from _all(_EMAIL, text, Kind.EMAIL)
        yield from _all(_SPOKEN_EMAIL, text, Kind.EMAIL)


def find_links(text: str) -> Iterator[Find]:
    """Links with and without a scheme; a bare domain only if its ending is a usual one."""
    if "." not in text:
        return
    for pattern in (_LINK, _WWW, _BARE):
        for match in pattern.finditer(text):
            end = _without_punctuation(text, match.start(), match.end())
            if text[match.start() : end].lower() not in words("no_links"):
                yield Find(match.start(), end, Kind.URL)


def find_handles(text: str, handles: Sequence[str]) -> Iterator[Find]:
    """Account names: with @, after the name of a service, and the person's own anywhere.

    Args:
        text: folded.
        handles: the person's own, folded, without @.
    """
    if "@" in text:
        for match in _HANDLE.finditer(text):
            if match[1].lower() not in words("no_handles"):
                yield Find(match.start(), match.end(), Kind.HANDLE)
    for match in _LABELLED.finditer(text):
        yield Find(match.start(1), match.start(1) + len(match[1].rstrip(".-")), Kind.HANDLE)
    if "#" in text and _DISCORD.search(text):
        yield from _all(_NUMBERED, text, Kind.HANDLE)
    lower = text.lower()
    for handle in handles:
        yield from _own(lower, handle.lower())


def _own(lower: str, handle: str) -> Iterator[Find]:
    start = lower.find(handle)
    while handle and start >= 0:
        end = start + len(handle)
        marked = start > 0 and lower[start - 1] == "@"
        if (
            (marked or len(handle) >= _SHORTEST_BARE_HANDLE)
            and not _word(lower[start - 1 : start])
            and not _word(lower[end : end + 1])
        ):
            yield Find(start - marked, end, Kind.HANDLE)
        start = lower.find(handle, end)


def _word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def _all(pattern: re.Pattern[str], text: str, kind: Kind) -> Iterator[Find]:
    return (Find(match.start(), match.end(), kind) for match in pattern.finditer(text))


def _without_punctuation(text: str, start: int, end: int) -> int:
    """Where a link ends if what closes the sentence around it is left out."""
    while end > start:
        last = text[end - 1]
        opening = _CLOSING.get(last)
        balanced = opening and text.count(opening, start, end) >= text.count(last, start, end)
        if last.isalnum() or last in "/=&%#_-+~$" or balanced:
            return end
        end -= 1
    return end
