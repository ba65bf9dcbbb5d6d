"""The check `role_purity`: users speak as users, the assistant as a neutral assistant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from matrix_sim.language import Language
from matrix_sim.quality.asking import Strength, strength_of
from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.leftovers import left_over, left_unfilled
from matrix_sim.quality.names import family_names, given_names
from matrix_sim.quality.prose import spoken
from matrix_sim.quality.signs import Found, sign_table
from matrix_sim.quality.wording import LOOKED_AT, Wording, wording_of

_NAME_LABEL = re.compile(r"[ \t*]*([^\s:：。、*]{1,12}?)(?:さん|くん|様|先生)?[*]*[:：]")


class RolePurity:
    """Finds turns in the wrong order, in the wrong role, or in the voice of a persona."""

    name = "role_purity"

    def __init__(self, language: Language) -> None:
        table = sign_table("role_purity", language)
        self._language = language
        self._family = family_names(language)
        self._given = given_names(language)
        self._draft = table.pattern("draft")
        self._scripted = table.pattern("scripted")
        self._dialogue = table.pattern("dialogue")
        self._made = table.signs("made")
        self._user_label = table.signs("user_label")
        self._label = table.signs("label")
        self._helps = table.signs("helps")
        self._lectures = table.signs("lectures")
        self._next_turn = table.signs("next_turn")
        self._persona = table.signs("persona")
        self._own_task = table.signs("own_task")
        self._needy = table.signs("needy")
        self._relative = table.seeker("relative")
        self._casual = table.seeker("casual")
        self._asked_for = table.pattern("asked_for")

    def look(self, row: Row) -> Verdict | None:
        """Its verdict on all turns but rejected answers; None where nobody speaks."""
        turns = (*row.turns, *row.chosen)
        if not any(turn.role != "system" for turn in turns):
            return None
        found = _disorder(turns)
        asked = ""
        for turn in turns:
            if found:
                break
            if turn.role == "user":
                found = self._of_user(turn.content)
                asked = f"{asked}\n{turn.content}"
            elif turn.role == "assistant":
                found = self._of_assistant(turn.content, asked)
        return Verdict(self.name, found is None, found.reason if found else "")

    def _of_user(self, text: str) -> Found | None:
        wording = wording_of(text, self._language)
        left = left_over(text) or left_unfilled(wording.own)
        if left:
            return left
        found = (
            self._made.find(wording.opening)
            or self._user_label.find(wording.opening)
            or self._names_speaker(wording)
        )
        if found:
            return found
        helps = self._helps.find(wording.own)
        if helps:
            return helps
        lectures = self._lectures.find(wording.own)
        if lectures and strength_of(text, self._language) <= Strength.WAIVED:
            return lectures
        return None

    def _of_assistant(self, text: str, asked: str) -> Found | None:
        left = left_over(text, asked)
        if left:
            return left
        wording = wording_of(text, self._language)
        # Also in what looks like a paste: below "table:" stands the table, and then a user.
        said = spoken(text[:LOOKED_AT])
        found = self._next_turn.find(said) or self._label.find(wording.own)
        if found and not self._dialogue.search(asked):
            return found
        found = self._names_speaker(wording)
        if found and not self._scripted.search(asked):
            return found
        found = self._own_task.find(wording.own)
        if found and not self._scripted.search(asked):
            return found
        found = (
            self._persona.find(wording.own)
            or self._needy.find(wording.own)
            or self._of_family(wording.own, asked)
            or self._chats(wording.own, asked)
        )
        return None if found and self._draft.search(asked) else found

    def _of_family(self, own: str, asked: str) -> Found | None:
        """A relative or a home that the user has not spoken of: the assistant's own."""
        seen = self._relative.search(own)
        if not seen or seen[1] in asked:
            return None
        return Found("The assistant speaks of a family of its own", seen[0])

    def _chats(self, own: str, asked: str) -> Found | None:
        """A friend's way of speaking, where nobody wished for it."""
        seen = self._casual.search(own)
        if not seen or self._asked_for.search(asked) or self._scripted.search(asked):
            return None
        return Found("The assistant speaks as a friend does", seen[0])

    def _names_speaker(self, wording: Wording) -> Found | None:
        """A line that begins with somebody's name and a colon."""
        if ":" not in wording.own and "：" not in wording.own:
            return None
        seen = _NAME_LABEL.match(wording.opening)
        if seen and self._is_name(seen[1]):
            return Found("It bears the label of a speaker", seen[0])
        return None

    def _is_name(self, label: str) -> bool:
        """Whether it is a family name, a given name or both."""
        if label in self._family or label in self._given:
            return True
        cuts = range(1, len(label))
        return any(label[:n] in self._family and label[n:].strip() in self._given for n in cuts)


def _disorder(turns: Sequence[Turn]) -> Found | None:
    """The first turn that is not the turn of its speaker."""
    spoken = turns[1:] if turns[0].role == "system" else turns
    for number, turn in enumerate(spoken):
        due = "assistant" if number % 2 else "user"
        if turn.role != due:
            return Found(
                f"Turn {number + 1} is due to the {due}, not to the {turn.role}", turn.content
            )
    return None
