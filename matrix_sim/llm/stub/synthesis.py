"""The stub's replies to the calls that data sets are made with (`SynthesisCall`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matrix_sim.llm.contracts import Request
from matrix_sim.llm.stub.answerer import Answerer
from matrix_sim.llm.stub.asker import Asker, Matter
from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.filling import Hand
from matrix_sim.llm.stub.follow_up import FollowUp, mood
from matrix_sim.llm.stub.judge import Judge
from matrix_sim.llm.stub.material import sections_of
from matrix_sim.llm.stub.script import Script, load_script
from matrix_sim.llm.stub.synthesis_call import Part, SynthesisCall

_GOES_ON = "goes_on"
"""The mood that a question names where it must not be another."""


class SynthesisWriter:
    """Decides what is said to the calls of a synthesis, in one language, from one seed."""

    def __init__(self, seed: int, language: str) -> None:
        self._seed = seed
        self._language = language

    def text(self, call: SynthesisCall, request: Request) -> str:
        """What is said in free text; a decision says its first text."""
        match call.part:
            case Part.ANSWER:
                return self._answerer(request, "reply").answer()
            case Part.REJECTED:
                return self._answerer(request, "reply").rejected()
            case Part.INSTRUCTION:
                return self._asker(request).instruction()
        return next(str(value) for value in self.fields(call, request).values() if value != "")

    def fields(self, call: SynthesisCall, request: Request) -> Mapping[str, Any]:
        """What is decided, by the names that a schema may have for it."""
        draws = self._draws(request, "reply")
        match call.part:
            case Part.INTENT:
                return self._asker(request).intent()
            case Part.USER:
                return self._user_turn(call.turn, request)
            case Part.PAIR:
                told = _told(request)
                judge = Judge(self._script, self._seed, draws)
                return judge.pair(told.get("first", ""), told.get("second", ""))
            case Part.ROW:
                talk = self._talk(_told(request).get("conversation", ""))
                said = [text for role, text in talk if role == "assistant"]
                return Judge(self._script, self._seed, draws).row(said[-1] if said else "")
        return {}

    def reasoning(self, call: SynthesisCall, request: Request) -> str:
        """The thinking before an answer; empty for calls whose thinking is nobody's data."""
        if call.part not in (Part.ANSWER, Part.REJECTED):
            return ""
        return self._answerer(request, "reasoning").reasoning()

    @property
    def _script(self) -> Script:
        """Read when the first of these calls comes: a society needs none of it."""
        return load_script(self._language)

    def _draws(self, request: Request, purpose: str) -> Draws:
        return Draws(self._seed, purpose, request.address, request.attempt)

    def _answerer(self, request: Request, purpose: str) -> Answerer:
        asked = [message.content for message in request.messages if message.role == "user"]
        return Answerer(self._script, asked or [""], self._draws(request, purpose))

    def _asker(self, request: Request) -> Asker:
        draws = self._draws(request, "reply")
        return Asker(self._script, Matter(self._script, _told(request), draws), draws)

    def _user_turn(self, turn: int, request: Request) -> dict[str, str]:
        told, draws = _told(request), self._draws(request, "reply")
        talk = self._talk(told.get("conversation", ""))
        matter = Matter(self._script, told, draws)
        asker = Asker(self._script, matter, draws)
        said = [text for role, text in talk if role == "user"]
        if turn == 1 or not said:
            return {"mood": _GOES_ON, "message": asker.request(matter.main)}
        settled = _GOES_ON in _question(request).rpartition("</")[2]
        felt = _GOES_ON if settled else mood(turn, draws)
        if felt != _GOES_ON:
            return {"mood": felt, "message": ""}
        topics = tuple(dict.fromkeys(self._script.topics(said[0]) + matter.topics))
        follow_up = FollowUp(self._script, asker, draws)
        return {"mood": felt, "message": follow_up.message(talk, told.get("move", ""), topics)}

    def _talk(self, conversation: str) -> list[tuple[str, str]]:
        """The messages of a conversation that a prompt holds, with their roles."""
        asking = self._script.asking
        labels = {"user": asking["user_label"], "assistant": asking["assistant_label"]}
        talk: list[tuple[str, str]] = []
        for line in conversation.splitlines():
            role = next((role for role, label in labels.items() if line.startswith(label)), "")
            if role:
                talk.append((role, line.removeprefix(labels[role]).strip()))
            elif talk:
                role, text = talk[-1]
                talk[-1] = (role, f"{text}\n{line.removeprefix('  ')}")
        return talk


class Decided:
    """A `Hand` that writes what is decided, and leaves other fields to another hand."""

    def __init__(self, decided: Mapping[str, Any], other: Hand) -> None:
        self._decided = decided
        self._other = other

    @property
    def full_stop(self) -> str:
        """What fills a text up to a length."""
        return self._other.full_stop

    def text(self, field: str) -> str:
        """The text that is decided."""
        return str(self._decided[field]) if field in self._decided else self._other.text(field)

    def pick(self, field: str, options: Sequence[Any]) -> Any:
        """The choice that is decided, if it may be chosen."""
        chosen = self._decided.get(field)
        return chosen if chosen in options else self._other.pick(field, options)

    def pick_some(self, field: str, options: Sequence[Any], least: int, most: int) -> list[Any]:
        """By the other hand."""
        return self._other.pick_some(field, options, least, most)

    def texts(self, field: str, least: int, most: int) -> list[str]:
        """By the other hand."""
        return self._other.texts(field, least, most)

    def whole(self, field: str, low: int, high: int) -> int:
        """The number that is decided, within the bounds."""
        if field not in self._decided:
            return self._other.whole(field, low, high)
        return max(low, min(high, int(self._decided[field])))

    def share(self, field: str) -> float:
        """By the other hand."""
        return self._other.share(field)

    def absent(self, field: str) -> bool:
        """What is decided is there."""
        return field not in self._decided and self._other.absent(field)


def _told(request: Request) -> dict[str, str]:
    """The sections of the question."""
    return sections_of([_question(request)])


def _question(request: Request) -> str:
    """What was asked first: what came back before and was no use follows on it."""
    return next((message.content for message in request.messages if message.role == "user"), "")
