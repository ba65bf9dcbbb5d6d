"""Which script and language a passage is in, by its characters and commonest words."""

from __future__ import annotations

import re
from functools import cache

from matrix_sim.quality.vocabulary import any_of, vocabulary

NATIVE = {"ja": re.compile("[ぁ-ゖァ-ヺー々〆一-鿿㐀-䶿豈-﫿ｦ-ﾟ]"), "en": re.compile("[A-Za-z]")}
"""Letters of the language."""
LATIN = re.compile("[A-Za-zÀ-ÖØ-öø-ſ]")
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f]{2,}|[\uac00-\ud7af]")
"""A syllable; single letters are for faces."""
JAPANESE_OR_CHINESE = re.compile("[ぁ-ゖァ-ヺー々〆一-鿿㐀-䶿]+")
OF_ELSEWHERE = re.compile(
    "[\u0400-\u06ff\u0900-\u11ff\u1200-\u137f\u1780-\u18af\u3130-\u318f\uac00-\ud7af\u03b1-\u03c9]"
)
"""A character of these: quick to look for, and mostly not there."""
OTHER = re.compile(
    "[\u0400-\u06ff\u0900-\u109f\u1780-\u18af]{3,}"
    "|[\u0430-\u044f\u05d0-\u05ea\u0620-\u064a]{2}|[\u0e01-\u0e2e][\u0e01-\u0e4b]"
    "|[\u0905-\u0939][\u0905-\u094d]|[\u10a0-\u10ff\u1200-\u137f]{2}|[\u03b1-\u03c9]{5}"
)
"""Cyrillic, Armenian, Hebrew, Arabic, the scripts of India, Thai, Lao, Tibetan, Burmese, Khmer,
Mongolian, Georgian, Ethiopic, Greek words; faces have one or two signs of some."""
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
_MAY_BE_MOJIBAKE = re.compile("[\ufffd\u0080-\u009f銇銉锟縺繧繝ãÃÂâäåæçèéï､｡｢｣･]")
_MOJIBAKE = re.compile(
    "[\ufffd\u0080-\u009f]"
    # UTF-8 read as Shift_JIS, as Latin-1 or Windows-1252; EUC read as Shift_JIS.
    "|[銇銉].{0,3}[銇銉]|锟斤拷|[縺繧繝].{0,4}[縺繧繝]|ã.{0,3}ã|(?:[ÃÂâãäåæçèéï][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,2}){2}"
    "|(?:[､｡｢｣･][ｦ-ﾟ]){4,}"
)

_CHINESE = re.compile(
    # Each begins with a character, not with what is before it: that is several times as quick.
    "可以(?![外上下前後降来内])|如下(?<![突欠]如下)|今天(?!皇)|的是(?![非正認])|早上(?!が)|知道(?![路具程])"
    "|以及(?![びぼばん])|吃[了过完]|這(?![ぁ-ゖ入出上回])|更多(?![数くい彩様])|更好"
    "|的(?<=[ぁ-ゖ]的)(?![確中外射屋])(?=[一-鿿])|首先(?=[にはでも])"
    "|了(?<=[一-鿿]了)(?<![完終魅修満議投読校未結悪覚諒]了)[，。、！？]"
    "|和(?<=[ぁ-ゖ]和)[、，]|與(?<=[ぁ-ゖ]與)[、，]|也(?<=[ぁ-ゖ]也)[、，]|或(?<=[ぁ-ゖ]或)[、，]"
)
"""Words of Chinese that Japanese words have within them."""
_KANJI_ONLY = re.compile("[一-鿿][一-鿿，]{7,}")
_PARTICLES = frozenset("的是了我也與會那對把很吧")
_PARTICLES_OF_A_CLAUSE = 3


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
    found = _chinese().search(text) or _chinese_words().search(text) or _CHINESE.search(text)
    if found is None:
        found = next(filter(_is_clause, _KANJI_ONLY.finditer(text)), None)
    return found


def _is_clause(kanji: re.Match[str]) -> bool:
    return len(set(kanji[0]) & _PARTICLES) >= _PARTICLES_OF_A_CLAUSE


def mojibake(text: str) -> re.Match[str] | None:
    """Where text begins that was read in the wrong character set."""
    return _MOJIBAKE.search(text) if _MAY_BE_MOJIBAKE.search(text) else None


def is_english(words: list[str]) -> bool:
    """Whether words in a row are a sentence, and no list of names, terms or options."""
    common = [word for word in words if _common(word) in vocabulary("english_words")]
    if len(words) < 4 or len(common) < 2 or 5 * len(common) < len(words):
        return False
    return not vocabulary("code_words").issuperset(map(str.lower, common))


def _common(word: str) -> str:
    """A word as the list has it; `i` is a variable, and I a person."""
    return word if word in ("I", "i") else word.lower()


def is_european(words: list[str]) -> bool:
    """Whether words in a row are a sentence of another language of Europe."""
    return len(words) >= 4 and len(vocabulary("european_words").intersection(words)) >= 2


def is_romaji(words: list[str]) -> bool:
    """Whether words in a row are Japanese in Latin letters."""
    if len(words) < 4 or sum(w.lower() in vocabulary("romaji_words") for w in words) < 2:
        return False
    return 5 * sum(_ROMAJI.fullmatch(word) is not None for word in words) >= 4 * len(words)
