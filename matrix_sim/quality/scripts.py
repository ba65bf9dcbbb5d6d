"""Which script and language a passage is in, by its characters and commonest words."""

from __future__ import annotations

import re
from functools import cache

from matrix_sim.quality.vocabulary import any_of, vocabulary

NATIVE = {"ja": re.compile("[ぁ-ゖァ-ヺー々〆一-鿿㐀-䶿豈-﫿ｦ-ﾟ]"), "en": re.compile("[A-Za-z]")}
"""Letters of the language."""
LATIN = re.compile("[A-Za-zÀ-ÖØ-öø-ſ]")
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]{2,}")
JAPANESE_OR_CHINESE = re.compile("[ぁ-ゖァ-ヺー々〆一-鿿㐀-䶿]+")
OTHER = re.compile("[\u0400-\u052f\u0590-\u06ff\u0900-\u0fff\u1000-\u109f\u1780-\u17ff]{3,}")
"""Cyrillic, Hebrew, Arabic, the scripts of India, Thai, Lao, Tibetan, Burmese, Khmer."""
PASSAGE = re.compile(
    r"[A-Za-z](?:[A-Za-z0-9À-ÖØ-öø-ſ]|[ \t,.'’!?;:()\"“”%&/–—-]|\n(?=[\s\d.*-]*[A-Za-z]))*"
)
"""Latin letters with nothing of another script between them."""
WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ſ]+(?:['’][A-Za-z]+)?")

_ROMAJI = re.compile(
    r"(?:(?:kk|ss|tt|pp|cch)?(?:(?:ky|gy|sh|ch|ny|hy|by|py|my|ry|j|ts|[kgsztdnhbpmyrwf])?"
    r"[aiueoāīūēōâîûêô]|n(?![aiueo])))+[hn]?",
    re.IGNORECASE,
)
_MOJIBAKE = re.compile(
    "[\ufffd\u0080-\u009f]"
    # UTF-8 read as Shift_JIS, as Latin-1 or Windows-1252; EUC read as Shift_JIS.
    "|[縺繧繝].{0,4}[縺繧繝]|ã.{0,3}ã|(?:[ÃÂâãäåæçèéï][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,2}){2}"
    "|(?:[､｡｢｣･][ｦ-ﾟ]){4,}"
)
_SUSPECT = re.compile("[\ufffd\u0080-\u009f縺繧繝ÃÂâãäåæçèéï､｡｢｣･]")
"""What each of these begins with: quick to look for."""


@cache
def _chinese() -> re.Pattern[str]:
    """Characters of GB 2312 that no Japanese character set knows, and a few words of both."""
    only = "".join(chr(c) for c in range(0x4E00, 0xA000) if _is_only_chinese(chr(c)))
    return re.compile(f"[{only}{''.join(sorted(vocabulary('chinese_characters')))}]")


def _is_only_chinese(character: str) -> bool:
    return _in(character, "gb2312") and not any(
        _in(character, charset) for charset in ("cp932", "euc_jis_2004")
    )


def _in(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _chinese_words() -> re.Pattern[str]:
    return re.compile(any_of("chinese_words"))


def chinese(text: str) -> re.Match[str] | None:
    """Where Chinese begins: a character or word that Japanese does not have."""
    return _chinese().search(text) or _chinese_words().search(text)


def mojibake(text: str) -> re.Match[str] | None:
    """Where text begins that was read in the wrong character set."""
    return _MOJIBAKE.search(text) if _SUSPECT.search(text) else None


def is_english(words: list[str]) -> bool:
    """Whether words in a row are a sentence, and no list of names, terms or options."""
    common = [word for word in words if _common(word) in vocabulary("english_words")]
    if len(words) < 4 or len(common) < 2 or 5 * len(common) < len(words):
        return False
    return not vocabulary("code_words").issuperset(map(str.lower, common))


def _common(word: str) -> str:
    """A word as the list has it; `i` is a variable, and I a person."""
    return word if word in ("I", "i") else word.lower()


def is_romaji(words: list[str]) -> bool:
    """Whether words in a row are Japanese in Latin letters."""
    if len(words) < 4 or sum(w.lower() in vocabulary("romaji_words") for w in words) < 2:
        return False
    return 5 * sum(_ROMAJI.fullmatch(word) is not None for word in words) >= 4 * len(words)
