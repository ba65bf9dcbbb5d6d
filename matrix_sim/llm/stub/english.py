"""English for the stub: phrases by the small words around them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any

from matrix_sim.llm.stub.material import MOST_TOPICS, plain
from matrix_sim.llm.stub.tongue import Told, Tongue
from matrix_sim.text import clean_text

_STEP_CHARACTERS = 140
_TOPIC_CHARACTERS = 48

# Letters of any script: the people of an English run may be listed in another language.
_WORD = r"[^\W_](?:[\w'’&+#.-]*[\w+#])?"
_RUN_WORD = r"[^\W\d_][\w'’-]*"
_RUN_WORDS = 5
_NAME_WORD = r"[^\W\d_][\w'’.-]*"
_DELIMITERS = re.compile(r"[,;:()\[\]\"“”!?\n\t|/、。・]+|\.(?=\s|$)")
_PHRASE = re.compile(rf"(?=.*[^\W\d_].)(?:{_WORD})(?: {_WORD}){{0,5}}")
_JOINED = re.compile(r"^(?:and|or) ")
_QUOTED = re.compile(r"“([^“”<>{}]{2,48})”")
_LABEL = re.compile(r"^[\s*-]*([A-Za-z][A-Za-z ]{0,20}):")
_HEAD = re.compile(
    r"[\s*-]*\d{0,6}\s*(?:\[[^\]]*\])?\s*"
    rf"({_NAME_WORD}(?: {_NAME_WORD}){{0,4}})\s*(?:\(([^:]*)\))?\s*:\s"
)
"""A line's head: number, bracketed label, name, and in parentheses a few words on the person."""
_BEGINNING = re.compile(r"[.?!] [a-z]")
_SLOT = re.compile(r"\{\w+\}")
_WORDS = re.compile(r"[^\W_][\w'’&+#-]*|[^\w\s]")
_JOINING = frozenset(["of", "for", "without", "with", "on", "in", "by", "and"])
_AN = re.compile(r"8|1[18](?!\d)|[aeio]|u(?!ni|s[aeu])", re.IGNORECASE)
"""What goes with "an": a number or a word."""


class English(Tongue):
    """English."""

    bullet, margin, remark, colon, full_stop = "- ", " *-", "(", ": ", "."
    gap = " "
    quantity = re.compile(r"\b\d[\d,]*(?:\.\d+)? (?:minutes|dollars|pounds|euros)\b")

    def __init__(self, lists: Mapping[str, Any]) -> None:
        super().__init__(lists)
        self._titles = frozenset(lists["titles"])
        self._called = str(lists["called"])
        self._by_age_and_work = str(lists["known_by_age_and_work"])
        self._by_work = str(lists["known_by_work"])
        self._own = frozenset(_words_of(lists))
        self._small = frozenset(lists["function_words"])
        self._no_verbs = self._small - frozenset(lists["verbs"])
        self._articles = frozenset(lists["article_leads"])
        leads = "|".join(map(re.escape, lists["topic_leads"]))
        # Looked at and not taken: the next small word may lead to another phrase.
        self._led = re.compile(rf"\b(?:{leads}) (?=((?:{_RUN_WORD} ?){{1,6}}))")

    def labelled(self, line: str) -> tuple[str, str]:
        """A few letters before a colon, in small letters."""
        label = _LABEL.match(line)
        return (label[1].lower(), line[label.end() :]) if label is not None else ("", line)

    def listed(self, line: str) -> list[str]:
        """Pieces between delimiters that are a few words."""
        pieces = (_JOINED.sub("", piece.strip()) for piece in _DELIMITERS.split(line))
        return [piece for piece in pieces if self._is_topic(piece)]

    def spoken_of(self, line: str) -> list[str]:
        """A sentence is no list: what its small words lead to."""
        return list(self.runs(line))

    def runs(self, text: str) -> tuple[str, ...]:
        """Words between a preposition and the next small word."""
        return tuple(islice(dict.fromkeys(self._runs(plain(text))), MOST_TOPICS))

    def _runs(self, text: str) -> Iterator[str]:
        for led in self._led.finditer(text):
            words = led[1].split()
            if words[0].lower() in self._articles:
                del words[0]
            run = list(takewhile(lambda word: word.lower() not in self._small, words))
            phrase = " ".join(run[:_RUN_WORDS])
            if phrase and self._tells(run) and self._is_topic(phrase):
                yield phrase

    def phrases(self, text: str, without: Collection[str]) -> list[str]:
        """Runs of words that are neither small nor in `without`; a preposition may join two."""
        found: list[str] = []
        run: list[str] = []
        for word in [*_WORDS.findall(text), "."]:
            low = word.lower()
            small = low in self._small or low in without or not word[0].isalpha()
            if not small or (run and low in _JOINING):
                run.append(word)
                continue
            while run and run[-1].lower() in _JOINING:
                run.pop()
            if run:
                found.append(" ".join(run[:_RUN_WORDS]))
            run = []
        return found

    def parts(self, phrase: str) -> list[str]:
        """Words, in small letters."""
        return phrase.lower().split()

    def told(self, line: str) -> Told:
        """The topic is what is quoted, else the first that is spoken of."""
        line = plain(line)
        head = _HEAD.match(line)
        rest = line[head.end() :] if head else line
        quoted = _QUOTED.search(rest)
        topic = quoted[1] if quoted else next(self._runs(rest), "")
        return Told(head[1], head[2] or "", topic) if head else Told("", "", topic)

    def step(self, line: str) -> str:
        """What may stand after "I want to": a step is written as an order."""
        step = clean_text(line)[0].strip(" *-").rstrip(".")
        if len(step) > _STEP_CHARACTERS or ". " in step or self._no_order(step.partition(" ")[0]):
            return ""
        return step[0].lower() + step[1:]

    def called(self, told: Told) -> str:
        """By the first name, if there is no title."""
        first, _, rest = told.speaker.partition(" ")
        if not first[:1].isupper():
            # A name in a script without capitals stays whole; "someone" is none.
            return "" if first.isascii() else told.speaker
        return self._called.format(name=told.speaker if self._has_title(first) and rest else first)

    def known_as(self, told: Told) -> str:
        """`a 41-year-old librarian`."""
        age, _, rest = told.about.partition(", ")
        if not age.isdecimal():
            age, rest = "", told.about
        what = rest.split(", ")[0].partition(" (")[0].strip()
        if not what:
            return ""
        what = what.lower() if what.istitle() else what
        frame = self._by_age_and_work if age else self._by_work
        article = "an" if _AN.match(age or what) else "a"
        return frame.format(article=article, age=age, what=what)

    def finished(self, text: str) -> str:
        """With a capital at the beginning of each sentence."""
        return text[:1].upper() + _BEGINNING.sub(lambda beginning: beginning[0].upper(), text[1:])

    def again(self, text: str, number: int) -> str:
        """With a number in brackets."""
        return f"{text} ({number})"

    def _is_topic(self, piece: str) -> bool:
        return (
            len(piece) <= _TOPIC_CHARACTERS
            and _PHRASE.fullmatch(piece) is not None
            and piece.lower() not in self.not_topics
        )

    def _tells(self, words: list[str]) -> bool:
        """Whether it is neither made of the stub's own words nor, most likely, a name."""
        named = len(words) == 1 and words[0][0].isupper()
        return not named and not self._own.issuperset(words)

    def _no_order(self, word: str) -> bool:
        """Whether a sentence that begins like this tells something."""
        low = word.lower()
        return not low.isalpha() or low in self._no_verbs or low.endswith(("ing", "ed"))

    def _has_title(self, word: str) -> bool:
        return word.lower().rstrip(".") in self._titles


def _words_of(lists: Mapping[str, Any]) -> Iterator[str]:
    """The words of all frames, which a reply holds whatever it is about."""
    for name in ("plan", "step_actions", "own_actions", "answers", "texts", "words", "fields"):
        held = lists[name]
        for frames in held.values() if isinstance(held, dict) else [held]:
            for frame in frames:
                yield from re.findall(r"[\w'’-]+", _SLOT.sub(" ", frame))
