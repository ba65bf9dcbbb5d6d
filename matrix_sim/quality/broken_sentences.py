"""Where the last sentence of a message stops: at its end, or before."""

from __future__ import annotations

import re
from itertools import takewhile

from matrix_sim.quality.broken_lists import ITEM
from matrix_sim.quality.vocabulary import any_of

_POLITE_END = re.compile(rf"(?:{any_of('complete_ends')})$")
_PLAIN_END = re.compile(rf"(?:{any_of('plain_ends')})$")
_PREDICATE = re.compile(
    rf"(?:[うくぐすつぬぶむるだたん]|(?:{any_of('adjectives')})い|[だるいたよか]な|か)$"
)
"""What a sentence in the plain style ends in."""
_CUT_PAST = re.compile(r"[るうくすつむぬの]た$|[てで](?:い|く|いる|いた)$")
_DANGLING = re.compile(rf"(?:{any_of('dangling_ends')})$")
_STEM = re.compile(rf"(?:{any_of('dangling_in_prose')})$")
_USER_DANGLING = re.compile(rf"(?:{any_of('dangling_user_ends')})$")
_JOINT = re.compile(rf"(?:{any_of('open_joints')})$")
_LATIN_CUT = re.compile(
    r"(?:^|\s)(?:the|a|an|of|to|and|or|in|for|with|is|are|that|which|because|but|as|by|from|your"
    r"|however|if|when|on|at|into|than|their|its|this|these|such)\s*$",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"[A-Z][\w ,.;:'’\"()%$&-]*[A-Za-z]", re.ASCII)
_WORDS = 9
_JAPANESE_END = re.compile(r"[ぁ-んァ-ヶ一-龠々ー]$")
_NOUN_END = re.compile(r"[ァ-ヶ一-龠々ー]$")
_HALF_WORD = re.compile(
    r"[ッ]$|を[一-龠]$|[^、。]{8}[にで](?![人方時前後上下中])[一-龠]$|[ぁ-ん一-龠](?:フォ|ウォ|[ァ-ヶ])$"
    r"|もう[一二]$|[0-9]月[上中下]$|(?<=[、。はがをに])[第最未各毎約]$"
    r"|[はがをにと]一$|ご[参質検確相理了協連案予活準回]$|[A-Za-z0-9%％]で$"
    r"|[一-龠]{2}す$|[にで]は[一-龠]$|[^、。]{8}が[一-龠]$(?<![味方得吉凶楽鍵肝旬先損上下前後的華花元別次夏冬春秋朝夜昼])"
)
_STARTS = re.compile(
    r"(?:ただし?|また|次に|まず|そして|そのため|なお|例えば|たとえば|一方で?|さらに|つまり|しかし|ですが"
    r"|それでも|もし|最後に|はい|いいえ|なぜなら|申し訳)(?!は)"
)
"""What begins a sentence, and no noun that is said for one."""
_OPEN_HIRAGANA = re.compile(r"[をにがはでともやのっしきちみりびぎえけせねめれべげ]$")
_HIRAGANA_NOUN = re.compile(rf"(?:{any_of('hiragana_nouns')})$")
_DEFINES = re.compile(r"とは、[^。]*(?:[うくぐすつぬぶむる]|から)$")
"""What a thing is, is said with a noun."""
_VERB_WAITED_FOR = re.compile(r"[^、。]{1,}[をにがで](?=[^、。])|[^、。]は.?$")
_POLITE_CLAUSE = re.compile(
    r"(?:です|ます|ません|でした|ました)(?:が|ので|から|し|けど)、[^。]*(?:[ァ-ヶ一-龠々ーうくぐすつぬぶむる]|ため)$"
    r"|(?:には|としては)、[^。]{4,}(?:[ァ-ヶ一-龠々ー]|など)$"
)
_CLOSING_WORD = re.compile(
    r"(?:次第|不要|無料|厳禁|注意|可能|必要|必須|無難|確実|安心|大丈夫|十分|最適|満点)$"
)
_TOPIC = re.compile("(?<![でに])は")
_VERB_BEGUN = re.compile(
    "[をが][一-龠]$(?<![味方得吉凶楽鍵肝旬先損上下前後的華花元別次夏冬春秋朝夜昼])"
)
_CHOSEN = re.compile(r"(?:たら|なら|ば)[^、。]{1,10}[でを]$|てみて$|ておいて$|持ちで$")
"""What is told to do, without a verb."""
_WHERE_TO = re.compile(r"^[^。]{1,20}[一-龠ァ-ヶー]へ$")
_CHOICE = re.compile(r"(?:答え|正解|選択肢|記号|順番|解答)[^。]*$")
_LIST_OF_NOUNS = re.compile(r"[^、。\s]{1,10}(?:、[^、。\s]{1,10}){1,12}$")
_IN_SENTENCE = re.compile(r"[がをはにでともへ](?=[^、。]{2})|[^、]{2}[はがをに]$")
_CLAUSE = re.compile(r"[^、。]{1,}[をにがはでと](?=[^、。])")
_PARTICLE = re.compile(r"[はがをの]$")
_NUMBER_CUT = re.compile(
    r"[ぁ-んァ-ヶ一-龠々ー、](?:約)?[0-9０-９]{1,4}(?:[,.，．][0-9０-９]{0,2})?$"
)
_MEASURE_CUT = re.compile(r"(?:約|およそ|[年月])[0-9０-９][0-9０-９,.]*$")
_RESULT = re.compile(r"[=＝]|答え|正解|結果|合計|番号|電話")
_POLITE = re.compile(r"(?:です|ます|ました|ません|でした|ください|でしょう|ましょう)[。！？!?]")
_ASKS_ONE = re.compile(r"(?:だけ|ご|早めに|必ず|こまめに|十分な?|念のため|一度|まず)[一-龠]{2}を$")
_FROM = re.compile(r"[一-龠ァ-ヶー](?:から|まで|より|だけ|のみ)$")
_ITEM_CUT = re.compile(
    r"[一-龠々ァ-ヶー](?:の|が|を|へ|と|や)$|[をにがで]す$|、.*[^す]て$|[かさたばまらけせてねめれべげ]な$"
)
"""How an item of a list does not end."""
_DATE_CUT = re.compile(r"(?:月|から|、)[一二三四五六七八九十]{1,3}$")
_TRAILS_OFF = re.compile(
    r"(?:くて|しまって|ちゃって|ていて|でいて|になって|られて|返して|すぎて|ばかりで)$"
)
"""How a sentence goes on that tells of a trouble."""
_VERB_END = re.compile(r"[うくすつぬむるぐぶ]$")
_KANA_END = re.compile(r"[ぁ-ん]$")
_OFTEN_ENDS = re.compile(r"[いんよねだてでり]$")
_STOP = re.compile(r"[。！？!?]")
_ENDING = 10
_TAIL = 80
_SENTENCES = 400
"""Characters of a line in which its last sentences are looked for."""
_SHORT = 12
"""Characters of a tail that may be a noun, said for an answer."""
_LONG_TAIL = 20
"""Characters of a tail with a topic that are more than a noun."""
_MARKUP = "*_~` 　\t\r\n"

_CUT_NOUN = re.compile(r"(?<![誰何])[一-龠々ァ-ヶー][がの]$")
_LONG_MESSAGE = 20
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
    r"|(?:どう|どのように|何を|どれを)[^。、？]{1,12}た$(?<!どうした)(?<!なった)"
)
_FILLED = re.compile(r"^[^：:]{1,10}[：:].*[^：:\s]")
"""A line of a form that is filled in."""
_VERB_STEM = re.compile(
    r"を[一-龠]{2}し$|[りみきちびぎ]の$"
    r"|(?:どちら|どれ|何|どの[^、。]{1,6})[をに]$"
    r"|[をに][伝与加迎終植変替備教整捉覚数越超抑控揃支訴]え$"
    r"|[がはも](?:すぐ|つい|なかなか|いつも|よく|ほとんど|全然|あまり|うまく|まだ)$"
)
_POLITE_CUT = re.compile(
    r"(?:が|けど|けれど|ので|のに)、[^。？?]*(?:[^っいてく]て|[^い]って)$"
    r"(?<!困って)(?<!迷って)(?<!思って)(?<!なって)(?<!しまって)|、[^。]*[一-龠ァ-ヶー]と$"
    r"|(?:あり|おり)、[^、。]*を$|を[0-9][^、。]*に$|(?:来年|来月|来週|先月|先週|昨日)から$"
    r"|^(?:ただ|しかし|でも|そのため|それで|なので|そこで)、[^。]*[でてにをがは]$"
)
"""Among polite sentences, what waits for its verb."""
_HAS = re.compile(r"[^はも。、？?]{4,}がある$")
_PLACED = re.compile(r"[。].*(?:には|では|からは|とは)[^。、]{1,20}を$")
"""Something is told to be somewhere, not wished for."""
_SECOND_QUESTION = re.compile(r"か、(?:それと|あと|また|それから)[^。、？?]*[うくぐすつぬぶむる]$")
_HALF_NOUN = re.compile(
    r"[がとや、に](?:[ぁ-ん]{1,3})[じびぎぢ]$(?<!おなじ)(?<!かんじ)(?<!ねぎ)(?<!まじ)"
)


def answer_breaks_off(lines: list[str], plain: str) -> bool:
    """Whether the last line of an answer, given also without its markup, stops before its end."""
    ending = plain[-_ENDING:]
    if _JOINT.search(ending) or _lacks_the_verb_of_others(lines, ending):
        return True
    if _POLITE_END.search(ending):
        return False
    if _JAPANESE_END.search(plain) is None:
        return _breaks_off_in_latin(lines[-1], plain)
    if _ASKS_ONE.search(ending):
        return False
    if _DANGLING.search(ending):
        return True
    if _HALF_WORD.search(ending) and not _CHOICE.search(plain):
        return True
    if _DATE_CUT.search(ending) and (_STOP.search(plain) or "、" in plain):
        return True
    if ITEM.match(lines[-1]) and len(lines) > 1:
        return _stopped(lines[:-1]) or _ITEM_CUT.search(plain[-_TAIL:]) is not None
    *before, tail = _STOP.split(plain[-_SENTENCES:])
    if before:
        return _unlike_those_before(plain, tail, ending)
    told = _told_before(lines)
    if told is not None and "：" not in tail and len(tail) > _SHORT:
        return _unlike_those_before(f"{told}{plain}", tail, ending)
    starts = _STARTS.match(tail) is not None
    if not starts and _LIST_OF_NOUNS.fullmatch(tail) and not _IN_SENTENCE.search(tail):
        return False
    if _DEFINES.search(tail) or (
        _POLITE_CLAUSE.search(tail) and _CLOSING_WORD.search(ending) is None
    ):
        return True
    if any(ends.search(tail) for ends in (_PLAIN_END, _HIRAGANA_NOUN, _CHOSEN, _WHERE_TO)):
        return False
    if "、" in tail and (_STEM.search(ending) or _CUT_PAST.search(ending)):
        return True
    if not starts and (len(tail) < _SHORT or _CLAUSE.search(tail) is None):
        return False
    return _OPEN_HIRAGANA.search(ending) is not None


def _told_before(lines: list[str]) -> str | None:
    """The line of prose before the last, where that is one that ends in a full stop."""
    if len(lines) < 2:
        return None
    line = next((line for line in reversed(lines[:-1]) if line.strip()), "").strip(_MARKUP)
    return line[-_SENTENCES:] if line.endswith("。") and not ITEM.match(line) else None


def _breaks_off_in_latin(line: str, plain: str) -> bool:
    if not line.startswith((" ", "\t")) and _LATIN_CUT.search(plain[-_ENDING:]):
        return True
    if plain[-1:].isalpha():
        return _ENGLISH.fullmatch(plain) is not None and len(plain.split()) > _WORDS
    if _MEASURE_CUT.search(plain):
        return True
    told = _STOP.search(plain) or "、" in plain
    return bool(told and _NUMBER_CUT.search(plain) and not _RESULT.search(plain))


def _unlike_those_before(plain: str, tail: str, ending: str) -> bool:
    """Whether sentences with full stops are followed by a tail that is none.

    The last sentence is as polite as those before; or it is a noun.
    """
    polite = _POLITE.search(plain[-_SENTENCES:]) is not None
    if _PLAIN_END.search(ending) and not (polite and _FROM.search(ending)):
        return polite and len(tail) > _SHORT and "は" not in tail and not tail.endswith("だけ")
    if "#" in tail or _WHERE_TO.search(tail) or _CLOSING_WORD.search(ending):
        return False
    if _NOUN_END.search(tail):
        if _STARTS.match(tail):
            return True
        if polite and len(tail) > _SHORT:
            return True
        if polite:
            return _VERB_WAITED_FOR.search(tail) is not None
        told = len(tail) > _LONG_TAIL and _TOPIC.search(tail) is not None
        return told or _VERB_BEGUN.search(tail) is not None
    if polite:
        return True
    if _HIRAGANA_NOUN.search(ending) or _CHOSEN.search(tail):
        return False
    return _PREDICATE.search(ending) is None or _CUT_PAST.search(ending) is not None


def _lacks_the_verb_of_others(lines: list[str], ending: str) -> bool:
    """Whether all items above end in a verb, and the last one does not."""
    if not ITEM.match(lines[-1]):
        return False
    items = [line.rstrip(_MARKUP) for line in takewhile(ITEM.match, reversed(lines[:-1]))]
    if not items or not all(_VERB_END.search(item) for item in items):
        return False
    ends = _VERB_END.search(ending) or _OFTEN_ENDS.search(ending)
    return ends is None and _KANA_END.search(ending) is not None


def _stopped(lines: list[str]) -> bool:
    """Whether the items of a list end in full stops."""
    items = [line.rstrip(_MARKUP) for line in lines if ITEM.match(line)]
    return bool(items) and all(_STOP.match(item[-1]) for item in items)


def user_breaks_off(lines: list[str], plain: str) -> bool:
    """Whether the last line of a user's message stops before its verb."""
    if _USER_DANGLING.search(plain[-_ENDING:]):
        return True
    if len(plain) > _LONG_MESSAGE and ("、" in plain or "。" in plain):
        return _long_message_breaks_off(plain)
    if len(lines) > 1 and plain.endswith(("：", ":")) and _FILLED.search(lines[-2]):
        return True
    items = sum(ITEM.match(line) is not None for line in lines[-3:])
    return items > 1 and ITEM.match(lines[-1]) is not None and _PARTICLE.search(plain) is not None


def _long_message_breaks_off(plain: str) -> bool:
    last = plain[-_TAIL:]
    if _CUT_NOUN.search(last) or _CONTRAST.search(last) or _STEM_ASKED.search(last):
        return True
    if _PLACED.search(last) or _SECOND_QUESTION.search(last) or _HALF_NOUN.search(last):
        return True
    if _VERB_STEM.search(last):
        return True
    if _GROUND.search(last) and not _MANNER.search(last):
        return True
    *before, tail = _STOP.split(plain[-_SENTENCES:])
    if not before or not _POLITE.search(plain):
        return False
    waits = _POLITE_CUT.search(tail) is not None and _MANNER.search(tail) is None
    trails_off = "、" in tail and _TRAILS_OFF.search(tail) is not None
    return waits or trails_off or _HAS.fullmatch(tail) is not None
