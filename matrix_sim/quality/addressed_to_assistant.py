"""The check `addressed_to_assistant`: the first message speaks to an assistant."""

from __future__ import annotations

from matrix_sim.language import Language
from matrix_sim.quality.asking import Strength, strength_of
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.names import family_names, given_names
from matrix_sim.quality.signs import Found, sign_table
from matrix_sim.quality.wording import Wording, wording_of

_OPENING = 120
"""Characters in which a message calls somebody, if it does."""


class AddressedToAssistant:
    """Finds messages to colleagues, relatives, followers or oneself, stories and advice."""

    name = "addressed_to_assistant"

    def __init__(self, language: Language) -> None:
        table = sign_table("addressed", language)
        self._language = language
        self._given = given_names(language)
        self._bare = table.pattern("bare_name")
        self._family = family_names(language)
        self._self_name = table.pattern("self_name")
        self._business = table.pattern("business")
        self._about = table.pattern("about")
        self._drafts = table.pattern("drafts")
        self._vocative = table.signs("vocative")
        self._favour = table.signs("favour")
        self._narration = table.signs("narration")
        self._assistant = table.signs("assistant")
        self._diary = table.signs("diary")
        self._monologue = table.signs("monologue")
        self._settled = table.signs("settled")
        self._speech = table.signs("speech")

    def look(self, row: Row) -> Verdict | None:
        """Its verdict on the user's first message; None where no user speaks."""
        text = row.request
        if not text.strip():
            return None
        found = self._found(text)
        return Verdict(self.name, found is None, found.reason if found else "")

    def _found(self, text: str) -> Found | None:
        wording = wording_of(text, self._language)
        if not wording.sentences:
            return None
        return (
            self._calls(wording)
            or self._reports(wording.opening)
            or self._narration.find(wording.opening)
            or self._says(wording)
            or self._muses(wording, text)
        )

    def _calls(self, wording: Wording) -> Found | None:
        """A person, relative, title or group that is spoken to."""
        own = wording.opening
        called = self._vocative.find(own[:_OPENING], own) or self._calls_bare(own)
        if not called or self._about.search(own) or self._drafts.search(own):
            return None
        return called

    def _reports(self, own: str) -> Found | None:
        """One who gives his name and goes on to business, as among colleagues."""
        seen = self._self_name.match(own)
        if not seen or seen[1] not in self._family or not self._business.search(own):
            return None
        return Found("It is a message of business to somebody", seen[0])

    def _calls_bare(self, own: str) -> Found | None:
        seen = self._bare.match(own)
        hailed = seen is not None and seen.start(1) > 0
        if not seen or not (seen[1] in self._given or (hailed and seen[1] in self._family)):
            return None
        return Found("It is addressed to a person by name", seen[0])

    def _says(self, wording: Wording) -> Found | None:
        """What is said to somebody near, to followers, or by one who helps."""
        return self._favour.find(wording.own) or self._assistant.find(wording.own)

    def _muses(self, wording: Wording, text: str) -> Found | None:
        """A diary, a resolution: words to nobody."""
        strength = strength_of(text, self._language)
        if len(wording.sentences) > 1 and self._settled.find(wording.own):
            return self._settled.find(wording.own)
        if strength > Strength.MAYBE:
            return None
        resolved = self._monologue.find(wording.closing, wording.own)
        if resolved:
            return resolved
        spoken = any(self._speech.find(sentence, wording.own) for sentence in wording.sentences)
        diary = None if spoken else self._diary.find(wording.opening)
        if diary:
            return diary
        to_nobody = strength is not Strength.MAYBE and len(wording.sentences) > 1
        if to_nobody and not spoken:
            return Found("It speaks to nobody, as a diary does", wording.closing)
        return None
