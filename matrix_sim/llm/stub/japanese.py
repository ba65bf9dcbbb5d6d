"""Japanese for the stub: phrases by the kind of character that they end in, and by particles."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from matrix_sim.llm.stub.material import MOST_TOPICS, plain
from matrix_sim.llm.stub.tongue import Told, Tongue
from matrix_sim.text import clean_text

_STEP_CHARACTERS = 60
_VERB_ENDINGS = tuple("うくぐすつぬぶむる")

_KANJI = "一-龠々〆"
_KATAKANA = "ァ-ヺー"
_LETTERS = f"A-Za-zぁ-ん{_KATAKANA}{_KANJI}"
_DELIMITERS = re.compile(r"[、。，,.・：:;；「」『』（）()\[\]【】“”\"'\n\t /／→|]+")
_PHRASE = re.compile(
    rf"(?=[^をはが]{{2,14}}$)[{_LETTERS}]*"
    rf"(?:[{_KANJI}]|[{_KATAKANA}]{{2}}|[A-Za-z]{{2}}|[{_KANJI}][りみき]|づくり|めぐり|がたり)"
)
"""A nominal phrase: no clause particle, ends like a noun."""
_CLAUSE = re.compile(rf"に(?!ん)|[でしくてただ](?=[{_KANJI}{_KATAKANA}])")
"""What an adverbial or verbal clause within a phrase gives away."""
_RUN = re.compile(
    rf"(?:(?<![{_LETTERS}])|(?<=[のとやでに]))"
    rf"([{_KANJI}{_KATAKANA}]{{3,12}})(?=[をのがはやとに、。])"
)
_OKURI = "りきみいけしえげべめせちびれぎじ"
_NOUN = re.compile(
    rf"(?<![{_KANJI}{_KATAKANA}A-Za-z])[{_KANJI}{_KATAKANA}A-Za-z]{{1,24}}"
    rf"(?:(?:[まわかが][{_OKURI}て]?|[{_OKURI}て])[{_KANJI}{_KATAKANA}A-Za-z]{{1,24}}){{0,3}}"
    rf"(?:[まわ]?[{_OKURI}])?(?=[をのがはにでともや、。，．？！!?\s（）()「」・：:/／]|って|$)"
)
"""A noun in running text, by the particle or mark that follows."""
_JOINED = "の"
_QUOTED = re.compile(rf"「([{_LETTERS}]{{2,24}})」")
_LABEL = re.compile(r"^[\s・*-]*([^\s:：、。]{1,8})[:：]")
_HEAD = re.compile(
    r"[\s・*-]*\d{0,6}\s*(?:[\[［【][^\]］】]*[\]］】])?\s*"
    rf"([{_LETTERS}]+(?:[ 　][{_LETTERS}]+)?)(?:[（(]([^：:]*)[）)])?\s*[：:]"
)
"""A line's head: number, bracketed label, name, and in parentheses a few words on the person."""


class Japanese(Tongue):
    """Japanese."""

    bullet, margin, remark, colon, full_stop = "・", " 　・-", "（", "：", "。"
    gap = ""
    quantity = re.compile(r"(?<![\d,])\d{1,3}(?:,?\d{3})*(?:円|分)")

    def __init__(self, lists: Mapping[str, Any]) -> None:
        super().__init__(lists)
        self._people_endings = tuple(lists["people_endings"])
        self._called = str(lists["called"])
        self._by_age_and_people = str(lists["known_by_age_and_people"])
        self._by_age_and_work = str(lists["known_by_age_and_work"])
        self._by_work = str(lists["known_by_work"])

    def labelled(self, line: str) -> tuple[str, str]:
        """Up to eight characters before a colon."""
        label = _LABEL.match(line)
        return (label[1], line[label.end() :]) if label is not None else ("", line)

    def listed(self, line: str) -> list[str]:
        """Pieces between delimiters that are nominal phrases."""
        return [
            piece
            for piece in _DELIMITERS.split(line)
            if _PHRASE.fullmatch(piece)
            and piece not in self.not_topics
            and not _CLAUSE.search(piece)
        ]

    def spoken_of(self, line: str) -> list[str]:
        """The same: sentences have delimiters too."""
        return self.listed(line)

    def runs(self, text: str) -> tuple[str, ...]:
        """Compound words in running text."""
        runs = dict.fromkeys(_RUN.findall(plain(text)))
        return tuple(run for run in runs if run not in self.not_topics)[:MOST_TOPICS]

    def phrases(self, text: str, without: Collection[str]) -> list[str]:
        """Nouns before particles; two that の joins are one."""
        found: list[str] = []
        end = -1
        for noun in _NOUN.finditer(text):
            if noun[0] in without or len(noun[0]) < 2:
                continue
            if found and text[end : noun.start()] == _JOINED:
                found[-1] += _JOINED + noun[0]
            else:
                found.append(noun[0])
            end = noun.end()
        return found

    def parts(self, phrase: str) -> list[str]:
        """What の joins."""
        return phrase.split(_JOINED)

    def told(self, line: str) -> Told:
        """The topic is what is quoted, else a compound word."""
        line = plain(line)
        head = _HEAD.match(line)
        rest = line[head.end() :] if head else line
        quoted = _QUOTED.search(rest)
        topics: Sequence[str] = (quoted[1],) if quoted else self.runs(rest)
        topic = topics[0] if topics else ""
        return Told(head[1], head[2] or "", topic) if head else Told("", "", topic)

    def step(self, line: str) -> str:
        """A clause in dictionary form."""
        step = clean_text(line)[0].strip(" 　・-*").rstrip("。")
        return step if step.endswith(_VERB_ENDINGS) and len(step) <= _STEP_CHARACTERS else ""

    def called(self, told: Told) -> str:
        """By the whole name, with さん."""
        if not told.speaker or told.speaker.endswith(self._people_endings):
            return ""
        return self._called.format(name=told.speaker)

    def known_as(self, told: Told) -> str:
        """`52歳の自営業の人`."""
        age, _, rest = told.about.rpartition("歳")
        what = rest.strip("・").split("・")[0].split(" ")[0]
        if not what:
            return ""
        if not age:
            return self._by_work.format(what=what)
        person = what.endswith(self._people_endings)
        frame = self._by_age_and_people if person else self._by_age_and_work
        return frame.format(age=f"{age}歳", what=what)

    def finished(self, text: str) -> str:
        """As it is."""
        return text

    def again(self, text: str, number: int) -> str:
        """With a number in brackets."""
        return f"{text}（{number}）"
