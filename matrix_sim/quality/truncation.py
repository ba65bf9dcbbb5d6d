"""`truncation`: nothing breaks off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.prose import parts_of
from matrix_sim.quality.verdicts import end_of, verdict
from matrix_sim.quality.vocabulary import any_of

_OPENING = {
    "「": "」",
    "『": "』",
    "（": "）",
    "【": "】",
    "《": "》",
    "(": ")",
    "[": "]",
    "“": "”",
}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_BRACKETS = re.compile("[「」『』（）【】《》()\\[\\]“”]")
_WIDE = {")": "）", "(": "（"}
_FACE = re.compile(r"[:;=8][-^']?[(\[]|[(（][^()（）\n]{0,12}$(?<=[;^_*>≧▽ω])|\([*^;≧T]")
_ITEM = re.compile(
    r"\s*(?:[-*+•・●○■□◆▪]|[0-9０-９]+[.)．、）:：]|[①-⑳]|\([0-9]+\))(?:\s+|(?=\S)|$)"
)
_MARKER_ONLY = re.compile(
    r"\s*(?:[-*+•・●■◆]|[0-9０-９]+[.)．）]|[①-⑳]|\([0-9]+\)|#{1,6}|>)\s*(?:\*\*)?\s*$"
)
_HEADING = re.compile(r"\s*#{1,6}\s+\S")
_RULE = re.compile(r"\s*(?:[|｜]?[\s:：-]*-{2,}[\s:：|｜-]*|[-=*_]{3,})\s*$")
_ANNOUNCES = re.compile(rf"(?:{any_of('announcements')})[^\n]{{0,12}}[。:：]?\s*$")
_COMMA = re.compile(r"(?:[、，,:：;；→＝=＋+×&＆／|｜]|、[①-⑳]|https?://)\s*$")
_COMPLETE = re.compile(rf"(?:{any_of('complete_ends')})$")
_DANGLING = re.compile(rf"(?:{any_of('dangling_ends')})$")
_STEM = re.compile(rf"(?:{any_of('dangling_in_prose')})$")
_USER_DANGLING = re.compile(rf"(?:{any_of('dangling_user_ends')})$")
_LATIN_CUT = re.compile(
    r"(?:^|\s)(?:the|a|an|of|to|and|or|in|for|with|is|are|that|which|because|but|as|by|from|your"
    r"|however|if|when|on|at|into|than|their|its|this|these|such)\s*$",
    re.IGNORECASE,
)
_JAPANESE_END = re.compile(r"[ぁ-んァ-ヶ一-龠々ー]$")
_JAPANESE_NOUN_END = re.compile(r"[ァ-ヶ一-龠々ー]$")
_JOINT = re.compile(rf"(?:{any_of('open_joints')})$")
_VERSE = re.compile(rf"(?:{any_of('verses')})")
"""What may end as no sentence does."""
_LIST_OF_NOUNS = re.compile(r"[^、。\s]{1,10}(?:、[^、。\s]{1,10}){1,12}$")
_IN_SENTENCE = re.compile(r"[がをはにでともへ](?=[^、。]{2})")
_NUMBER_CUT = re.compile(
    r"[ぁ-んァ-ヶ一-龠々ー、](?:約)?[0-9０-９]{1,4}(?:[,.，．][0-9０-９]{0,2})?$"
)
_RESULT = re.compile(r"[=＝]|答え|正解|結果|合計|番号|電話")
_LONG_TAIL = 20
"""Characters after the last full stop that, without one, are a sentence cut short."""
_POLITE = re.compile(r"(?:です|ます|ました|ません|でした|ください)[。！？!?]")
_CUT_NOUN = re.compile(r"(?<![誰何])[一-龠々ァ-ヶー][がの]$")
_LONG_MESSAGE = 20
_ITEM_CUT = re.compile(r"[一-龠々ァ-ヶー](?:の|が|を|へ)$|[をがにで]す$")
"""How an item of a list does not end."""
_OPEN_ITEM = re.compile(r"(?:は|が|を|(?<!も)の|(?<!こ)と|から|ので)$")
_OFTEN_ENDS = re.compile(r"[いんよねだてでり]$")
_VERB_END = re.compile(r"[うくすつぬむるぐぶ]$")
_KANA_END = re.compile(r"[ぁ-ん]$")
_DATE_CUT = re.compile(r"(?:月|から|、)[一二三四五六七八九十]{1,3}$")
_TRAILS_OFF = re.compile(
    r"(?:くて|しまって|ちゃって|ていて|でいて|になって|られて|返して|すぎて|ばかりで)$"
)
"""How a sentence goes on that tells of a trouble."""
_CONTRAST = re.compile(r"は[^、。]{2,30}、[^、。はが]{1,10}は$")
"""Of the first of two things something is told, of the second nothing."""
_GROUND = re.compile(
    r"(?:が|けど|けれど|ので|のに|[てで]いて|ており|思って|困って|状況で)、"
    r"[^。？?]{1,30}[ぁ-んァ-ヶ一-龠ー](?:[とでにもへや])$"
)
"""What a request is made for, and then no request."""
_MANNER = re.compile(rf"(?:{any_of('manners')})[でにとも]$")
"""How something is wished for, after which the wish may be left out."""
_STEM_ASKED = re.compile(
    r"(?:どう|何を|何から|どこ[でに]|誰に)[ぁ-ん一-龠]{1,6}[しきちりみびぎえけせめれげ]$(?<!べき)"
)
_HAS = re.compile(r"[^はも。、？?]{4,}がある$")
_COUNTED = re.compile(r"(?:次|以下)の([2-9２-９])(?:つ|点|個|種類|ステップ|冊|案|項目|段階)")
_STOP = re.compile(r"[。！？!?]")
_END = 60
"""Characters of a line in which its end is looked for."""
_ENDING = 10
_TAIL = 80
_SENTENCES = 400
"""Characters of a line in which its last sentences are looked for."""
_MARKUP = "*_~` 　\t\r\n"


class TruncationCheck:
    """Looks at the end of every answer and of the user's messages."""

    name = "truncation"

    def look(self, row: Row) -> Verdict:
        """Refused with the first message that breaks off."""
        said = (*row.turns, *row.chosen)
        free = any(turn.role == "user" and _VERSE.search(turn.content) for turn in row.turns)
        reasons = (why for turn in said for why in _reasons(turn, free))
        return verdict(self.name, next(reasons, None))


def _reasons(turn: Turn, free: bool) -> Iterator[str]:
    if turn.role == "system" or not turn.content.strip():
        return
    parts = parts_of(turn.content)
    if any(not fence.closed for fence in parts.fences):
        yield f"{turn.role}: a code fence is never closed: {end_of(turn.content)}"
        return
    if parts.fences and not parts.prose.rsplit("\n", 1)[-1].strip():
        return  # code is the end
    lines = parts.prose.rstrip().split("\n")
    why = (
        _quotation(parts.prose)
        or _bracket(lines[-1])
        or (_answer_end(lines, free) if turn.role == "assistant" else _user_end(lines))
    )
    if why is not None:
        yield f"{turn.role}: {why}: {end_of(parts.prose.rstrip())}"


def _quotation(prose: str) -> str | None:
    for opening, closing in (("「", "」"), ("『", "』")):
        if prose.count(opening) > prose.count(closing) and prose.rfind(opening) > prose.rfind(
            closing
        ):
            return f"{opening} stays open"
    return None


def _bracket(line: str) -> str | None:
    """A bracket in the last line that stays open."""
    open_ones: list[str] = []
    for character in _BRACKETS.findall(line):
        if character in _OPENING:
            open_ones.append(character)
        elif character in _CLOSING:
            closing = _WIDE.get(character, character)
            if open_ones and closing in (
                _OPENING[open_ones[-1]],
                _WIDE.get(_OPENING[open_ones[-1]], ""),
            ):
                open_ones.pop()
    if open_ones and not _FACE.search(line):
        return f"{open_ones[-1]} stays open"
    if line.count("**") % 2:
        return "** stays open"
    return None


def _answer_end(lines: list[str], free: bool) -> str | None:
    last = lines[-1]
    if _MARKER_ONLY.fullmatch(last):
        return "an item with nothing in it"
    if _HEADING.match(last) and len(lines) > 1:
        return "a heading with nothing under it"
    table = _table_end(lines)
    if table is not None:
        return table or None
    plain = last[-_END:].strip(_MARKUP)
    if _COMMA.search(plain):
        return "ends where more must follow"
    if _ANNOUNCES.search(plain):
        return "announces what does not follow"
    if not free and _within_sentence(lines, plain):
        return "ends within a sentence"
    counted = _COUNTED.search("\n".join(lines))
    items = sum(_ITEM.match(line) is not None for line in lines)
    if counted and 0 < items < int(counted[1]):
        return f"a list of {items} where {int(counted[1])} are announced"
    return None


def _table_end(lines: list[str]) -> str | None:
    """Why the last row of a table is not whole; "" where it is; None where there is no table."""
    last = lines[-1]
    bar = "|" if "|" in last else "｜"
    if last.count(bar) == 0 or len(lines) < 2 or lines[-2].count(bar) == 0:
        return None
    if _RULE.fullmatch(last):
        return "a table with nothing in it"
    whole = max(line.count(bar) for line in lines[-3:-1])
    stripped = last.strip()
    if last.count(bar) < whole or (stripped.endswith(bar) and not stripped.startswith(bar)):
        return "a row of a table is not whole"
    return ""


def _within_sentence(lines: list[str], plain: str) -> bool:
    ending = plain[-_ENDING:]
    if _JOINT.search(ending) or _breaks_off_list(lines, ending):
        return True
    if _COMPLETE.search(ending):
        return False
    if _DANGLING.search(ending) or _LATIN_CUT.search(ending):
        return True
    if _JAPANESE_END.search(plain) is None:
        told = _STOP.search(plain) or "、" in plain
        return bool(told and _NUMBER_CUT.search(plain) and not _RESULT.search(plain))
    if _DATE_CUT.search(ending) and (_STOP.search(plain) or "、" in plain):
        return True
    if _ITEM.match(lines[-1]) and len(lines) > 1:
        return _stopped(lines[:-1]) or _ITEM_CUT.search(ending) is not None
    line = lines[-1][-_SENTENCES:].strip(_MARKUP)
    *before, tail = _STOP.split(line)
    if before:
        if len(tail) > _LONG_TAIL and _POLITE.search(line):
            return True
        return _JAPANESE_NOUN_END.search(tail) is None or "は" not in tail
    if _LIST_OF_NOUNS.fullmatch(tail) and not _IN_SENTENCE.search(tail):
        return False
    return "、" in tail and _STEM.search(ending) is not None


def _breaks_off_list(lines: list[str], ending: str) -> bool:
    """Whether the last item of a list stops before an end that all others have."""
    if not _ITEM.match(lines[-1]):
        return False
    above = takewhile(_ITEM.match, reversed(lines[:-1]))
    items = [line.rstrip(_MARKUP) for line in above]
    if not items:
        return False
    if all(_STOP.match(item[-1]) for item in items):
        return _OPEN_ITEM.search(ending) is not None
    verbs = all(_VERB_END.search(item) for item in items) and not _VERB_END.search(ending)
    return verbs and _KANA_END.search(ending) is not None and not _OFTEN_ENDS.search(ending)


def _stopped(lines: list[str]) -> bool:
    """Whether the items of a list end in full stops."""
    items = [line.rstrip(_MARKUP) for line in lines if _ITEM.match(line)]
    return bool(items) and all(_STOP.match(item[-1]) for item in items)


def _user_end(lines: list[str]) -> str | None:
    line = lines[-1]
    plain = line.strip(_MARKUP)
    if _MARKER_ONLY.fullmatch(line) and (len(lines) > 1 or len(line.strip()) > 1):
        return "an item with nothing in it"
    if len(lines) > 1 and _ITEM.match(line) and _OPEN_ITEM.search(plain[-_ENDING:]):
        return "ends within a sentence"
    if len(plain) > _LONG_MESSAGE and re.search("[、。]", plain) and _user_breaks_off(plain):
        return "ends within a sentence"
    if plain.endswith(("、", "，", ",")):
        return "ends where more must follow"
    return "ends within a sentence" if _USER_DANGLING.search(plain[-_ENDING:]) else None


def _user_breaks_off(plain: str) -> bool:
    """Whether the last line of a message of some length stops before its verb."""
    last = plain[-_TAIL:]
    if _CUT_NOUN.search(last) or _CONTRAST.search(last) or _STEM_ASKED.search(last):
        return True
    if _GROUND.search(last) and not _MANNER.search(last):
        return True
    *before, tail = _STOP.split(plain)
    if not before or not _POLITE.search(plain):
        return False
    return bool(_HAS.fullmatch(tail) or ("、" in tail and _TRAILS_OFF.search(tail)))
