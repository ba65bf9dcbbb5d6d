"""What somebody of the stub's says next in a dialogue, and when it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

from matrix_sim.llm.stub.asker import Asker
from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.material import plain
from matrix_sim.llm.stub.pen import Known, Pen
from matrix_sim.llm.stub.script import Script, split_by_slot

_ENDING = (0.0, 0.03, 0.3, 0.45, 0.6)
"""Chance that a dialogue ends in place of the user's first, second, ... message."""
_ENDING_LATER = 0.8
_MOODS = ("satisfied",) * 8 + ("gave_up",) + ("no_time",)
_SHORTEST_QUOTE, _LONGEST_QUOTE = 6, 40
_SENTENCE = re.compile(r"[。！？!?\n:：]|\.(?=\s|$)|^\s*(?:[-・]|\d+\.)\s", re.MULTILINE)
_CLAUSE = re.compile(r"、|, ")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_NO_MARKS = str.maketrans("", "", "「」“”{}`*")


def mood(turn: int, draws: Draws) -> str:
    """How the user feels before its message of that number, the first being 1."""
    chance = _ENDING[turn - 1] if turn <= len(_ENDING) else _ENDING_LATER
    return draws.choice(_MOODS) if draws.chance(chance) else "goes_on"


class FollowUp:
    """Writes the later messages of somebody in a dialogue."""

    def __init__(self, script: Script, asker: Asker, draws: Draws) -> None:
        self._script = script
        self._asker = asker
        self._draws = draws

    def message(self, talk: Sequence[tuple[str, str]], move: str, topics: tuple[str, ...]) -> str:
        """What the user says next; `talk` are the messages so far with their roles."""
        asking, draws = self._script.asking, self._draws
        said = [text for role, text in talk if role == "user"]
        quote = quotable(talk[-1][1], draws) if talk else ""
        frames: list[str] = list(self._frames(said[0], move))
        matter = Known(topics or tuple(asking["default_topics"]))
        pen = Pen(asking, draws, matter)
        if not quote:
            frames = split_by_slot(frames, "k") or frames
        slots = {"t": matter.topics[0]} | ({"k": quote} if quote else {"k": matter.topics[0]})
        message = ""
        for frame in draws.sample(frames, len(frames)):
            message = pen.write(frame, **slots)
            if message not in said:
                break
        return message

    def _frames(self, first: str, move: str) -> Sequence[str]:
        asking = self._script.asking
        if self._script.code_wanted(first):
            code: Sequence[str] = asking["follow_ups_code"]
            return code
        moves = asking["follow_ups_plain" if self._asker.spoken else "follow_ups"]
        frames: Sequence[str] = moves[
            self._script.option("moves", move, "") or self._draws.choice(list(moves))
        ]
        return frames


def quotable(answer: str, draws: Draws) -> str:
    """A piece of an answer that one would take up: a short sentence or its end; may be empty."""
    sentences = (piece.strip() for piece in _SENTENCE.split(_FENCED.sub("\n", answer)))
    pieces = [_CLAUSE.split(x)[-1].strip() if len(x) > _LONGEST_QUOTE else x for x in sentences]
    fitting = [x for x in pieces if _SHORTEST_QUOTE <= len(x) <= _LONGEST_QUOTE]
    return plain(draws.choice(fitting)).translate(_NO_MARKS) if fitting else ""
