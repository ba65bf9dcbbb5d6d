"""`length`: neither empty nor endless, and no nod where an answer is due."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from matrix_sim.config.quality import LengthCheckConfig
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of, vocabulary

_LETTER = re.compile(r"[\w\u2200-\u22ff×÷]")
"""Or a sign that makes a formula."""
_WORD = re.compile(r"[^\W\d_]")
_NUMBERS = re.compile(r"[\d\s.,、。・_-]+")
_NOTHING = re.compile(
    r"\W*(?:null|none|undefined|nan|n/?a|nil|todo|tbd|object object)?\W*", re.IGNORECASE
)
"""What a program writes for nothing."""
_SHORT = 30
_RESULT = re.compile(r"[+*/=×÷＋＝%?？]")
"""Of what is to be reckoned."""
_MANY, _FEW = 12, 2
"""So many characters with no more than so few different letters are no words."""
_LONGEST_NOD = 40
"""Characters of an answer; a longer one says more than yes or no."""
_TELLING = ((5, 8), (8, 16))
"""Fewer letters of an answer than the first do not answer an open question of the second."""
_NOD = re.compile(
    rf"(?:{any_of('nods')}|{any_of('announcements')}"
    "|(?:以下|次|下記|こちら)(?:の|に|が|は)?(?:[0-9]+[つ個点選])?の?(?:通り|とおり|よう|ポイント|方法|手順|案|例|内容)?"
    "[をがにで]?(?:です|示します|挙げます|あげます|ご?紹介します|まとめます|まとめました|なります|ご?説明します|提案します|あります)"
    ")+"
)
_OPEN = re.compile(rf"(?:{any_of('open_questions')}|どう[^。？?\n]{{0,10}}(?:ば|たら|べき))")
_EXPLICITLY_BRIEF = re.compile(any_of("explicitly_brief"))
_SIGNS_WANTED = re.compile(any_of("signs_wanted"))
_LETTER_WANTED = re.compile(any_of("letter_wanted"))
_PERMISSION = re.compile(
    "(?:いい|よい|良い|大丈夫|平気|可能)(?:です|でしょう|の)?か?(?:ね|な)?[?？。]*\\s*$"
)
"""What a nod answers, whatever else there is in the question."""
_WANTS = re.compile(
    r"(?:(?:くだ|下)さい|お願い(?:します|いたします)?|ほしい(?:です)?|欲しい(?:です)?|教えて|たい(?:です)?"
    r"|(?:作|書|言)って|考えて|まとめて|は[?？]?)[。!！]*\s*$"
)
"""Ends of what no yes and no no answers."""
_LONGEST_ECHOED = 24
_OFFERS = re.compile("[か「」『』A-Za-z0-9]|選|うち|分類|または|もしくは|:|：")
"""Signs that a question has its answers, or a text, within it."""
_AGREEMENT = re.compile(any_of("agreements"))
_CODE = re.compile(r"(?=[ -~]*[-(=$_{\\^/])[ -~]+")
"""A command or formula: short, and all that is wanted."""
_LONG_WISHES = re.compile(any_of("long_wishes"))
_ENDLESS, _SHORT_QUESTION = 10_000, 100
"""Characters of an answer that are too many for so short a question that wants no long text."""
_BRIEF = re.compile(rf"(?:{any_of('brief_answers')})")
_DETAILED = re.compile(rf"(?:{any_of('detailed_questions')})")
_BRIEF_WISH = re.compile(rf"(?:{any_of('brief_wishes')})")
_DETAIL = (12, 8)
"""Fewer letters of an answer are no steps, no letter and no plan, to so many of a question."""
_LETTERS_WANTED = re.compile(r"([0-9]{2,5})\s*(?:文字|字)(?!以内|以下|まで|未満|で足り)")
_LEAST_SHARE = 0.3
"""Of the characters that were asked for."""
_PIECES_WANTED = re.compile(
    r"([2-9]|[1-9][0-9])\s*(?:個|つ|案|点|例|パターン|通り|本|種類|選|問|語|文)(?:ほど|くらい|ぐらい)?"
    r"(?!の(?:違い|差|うち|中|関係|共通|どちら|どれ))[^。\n0-9]{0,16}(?:挙げ|あげ|教え|考え|出し|書い|作っ|くだ|提案|リスト|紹介|お願い|並べ)"
    r"|を\s*([2-9]|[1-9][0-9])\s*(?:個|つ|案|点|例|選)(?:ほど)?(?:お願い)?[。!！]?\s*$"
)
_BETWEEN_PIECES = re.compile(r"[、,，・/／\n 　。]|と|や")
_YES_OR_NO = re.compile(
    r"(?:(?:[かの]|(?<!くださ)(?<!下さ)(?<!なさ)(?<!ほし)(?<!欲し)(?<!た)(?<!願)い)(?:な|ね)?|かしら|でしょう|\?|？)[?？。!！]*\s*$|[?？]"
)
_ASKS_WHAT = re.compile(rf"(?:{any_of('interrogatives')})")


class LengthCheck:
    """Looks at every message by itself, and at what an answer answers."""

    name = "length"

    def __init__(self, config: LengthCheckConfig) -> None:
        self._user, self._assistant = config.user, config.assistant

    def look(self, row: Row) -> Verdict:
        """Refused with the first message that is too short or too long."""
        return verdict(self.name, next(self._reasons(row), None))

    def _reasons(self, row: Row) -> Iterator[str]:
        least, most = self._user
        if not any(turn.role == "user" for turn in row.turns):
            yield "no message of a user"
        asked = ""
        for turn in row.turns:
            if turn.role == "user":
                # What follows the first message may be a word: "why?", "2".
                yield from _bounds(turn, least if not asked else min(1, least), most)
                if not asked and _is_wordless(turn.content):
                    yield f"user: {quoted(turn.content)} holds no words"
                asked = turn.content
            elif turn.role == "assistant":
                yield from self._answer(turn, asked)
        for turn in row.chosen:
            if turn.role == "assistant":
                yield from self._answer(turn, asked)

    def _answer(self, turn: Turn, asked: str) -> Iterator[str]:
        least, most = self._assistant
        if _LETTER_WANTED.search(asked) or _BRIEF.search(asked):
            least = min(1, least)
        if not (_SIGNS_WANTED.search(asked) and turn.content.strip()):
            yield from _bounds(turn, least, most)
        if len(turn.content) > _ENDLESS and _is_asked_shortly(asked):
            yield f"{len(turn.content)} characters are no answer to {quoted(asked)}"
        if (
            len(turn.content) <= _LONGEST_NOD and _says_little(turn.content, asked)
        ) or _lacks_letters(turn.content, asked):
            yield f"the answer {quoted(turn.content)} says too little for {quoted(asked)}"


def _is_asked_shortly(asked: str) -> bool:
    return 0 < len(asked) <= _SHORT_QUESTION and _LONG_WISHES.search(asked) is None


def _bounds(turn: Turn, least: int, most: int) -> Iterator[str]:
    letters = len(list(islice(_LETTER.finditer(turn.content), least)))
    if letters < least:
        yield f"{turn.role}: {quoted(turn.content)} has {letters} letters; at least {least}"
    if len(turn.content) > most:
        yield f"{turn.role}: {len(turn.content)} characters; at most {most}"


def _is_wordless(text: str) -> bool:
    """Whether it is a number, the same letter again and again, or a program's word for nothing."""
    if len(text) <= _SHORT and _NOTHING.fullmatch(text):
        return _LETTER.search(text) is not None
    if _NUMBERS.fullmatch(text):
        return True
    if len(text) < _MANY or len(set(text)) > len(text) // 3:
        return False
    return len(set(_WORD.findall(text))) <= _FEW and not _RESULT.search(text)


def _says_little(answer: str, asked: str) -> bool:
    return _only_nods(answer, asked) or _lacks_pieces(answer, asked) or _lacks_detail(answer, asked)


def _lacks_letters(answer: str, asked: str) -> bool:
    """Whether a text of some length was asked for, and this is a line of it."""
    wanted = _LETTERS_WANTED.search(unicodedata.normalize("NFKC", asked))
    return wanted is not None and len(answer) < _LEAST_SHARE * int(wanted[1])


def _lacks_pieces(answer: str, asked: str) -> bool:
    """Whether several things were asked for, and there are fewer."""
    wanted = _PIECES_WANTED.search(unicodedata.normalize("NFKC", asked))
    pieces = [piece for piece in _BETWEEN_PIECES.split(answer) if piece.strip()]
    return wanted is not None and len(pieces) < int(wanted[1] or wanted[2])


def _lacks_detail(answer: str, asked: str) -> bool:
    """Whether steps, a letter or a plan were asked for, and this can be none."""
    few, much = _DETAIL
    if (
        _is_closed(asked)
        or "、" in answer
        or _CODE.fullmatch(answer)
        or not _DETAILED.search(asked)
        or _BRIEF_WISH.search(asked)
    ):
        return False
    return len(key_of(answer)) < few and len(key_of(asked)) >= much


def _is_closed(asked: str) -> bool:
    """Whether yes or no may answer it."""
    if _ASKS_WHAT.search(asked) or _WANTS.search(asked):
        return False
    return _YES_OR_NO.search(asked) is not None


def _echoes(said: str, asked: str) -> bool:
    """Whether an answer only names what a question is about."""
    question = key_of(asked)
    if len(question) > _LONGEST_ECHOED or _OFFERS.search(asked):
        return False
    return said.removesuffix("です").removesuffix("だ") in question


def _only_nods(answer: str, asked: str) -> bool:
    said = key_of(answer)
    opened = _OPEN.search(asked) is not None
    if _NOD.fullmatch(said):
        if _PERMISSION.search(asked) and not _ASKS_WHAT.search(asked):
            return False
        if _EXPLICITLY_BRIEF.search(asked) or _AGREEMENT.search(asked):
            return False
        return opened or not _is_closed(asked)
    if _BRIEF.search(asked):
        return False
    if said in vocabulary("placeholders") or _echoes(said, asked):
        return True
    if _CODE.fullmatch(answer):
        return False
    return opened and any(len(said) < few and len(key_of(asked)) >= much for few, much in _TELLING)
