"""What the stub says as a judge, from what can be seen of a text without understanding it."""

from __future__ import annotations

import math
import re

from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.script import Script

_SENTENCE = re.compile(r"[。．！？!?](?:\s|$|[^\d])|\.(?=\s|$)|\n(?:[-・]|\d+\.)\s")
_FIGURE = re.compile(r"\d+|[一二三四五六七八九十]+(?:つ|日|分|割)")
_FENCE = "```"
_FULL = 200
"""Bytes of a text that count as half of what length can bring."""
_TASTE, _MOMENT = 1.1, 0.6
"""Spread of what a judge thinks of a text each time, and of what it thinks this time."""
_BIAS = 0.3
"""Most that the first of two may gain or lose by standing there."""
_SCORES = (7,) * 4 + (8,) * 7 + (9,) * 5 + (10,)
_LOW_SCORES = (4, 5, 5, 6)
_FAULTY = 0.08
_THIN = 24
"""Characters of a last answer that are too few, if the question is not as short."""
_LOWEST, _HIGHEST = 1, 10


def substance(text: str) -> float:
    """0 to about 6: how much there is to a text, by length, sentences, figures and code."""
    size = len(text.encode("utf-8", "replace"))
    length = 3.2 * size / (size + _FULL)
    sentences = 0.3 * min(len(_SENTENCE.findall(text)), 6)
    figures = 0.15 * min(len(_FIGURE.findall(text)), 4)
    return length + sentences + figures + (0.4 if _FENCE in text else 0.0)


class Judge:
    """Scores answers and rows."""

    def __init__(self, script: Script, seed: int, draws: Draws) -> None:
        self._texts = script.answering["judging"]
        self._seed = seed
        self._draws = draws

    def pair(self, first: str, second: str) -> dict[str, object]:
        """Which of two answers is better, and by how much."""
        bias = _BIAS * (2 * Draws(self._seed, "judge-bias").unit() - 1)
        scores = [self._score(first, bias), self._score(second, -bias)]
        return {"reason": self._reason(*scores), "first": scores[0], "second": scores[1]}

    def row(self, last_answer: str) -> dict[str, object]:
        """The first defect of a row, if there is one, and its score."""
        if len(last_answer.strip()) < _THIN:
            return {"defect": self._texts["thin"], "score": self._draws.choice(_LOW_SCORES)}
        if self._draws.chance(_FAULTY):
            defect = self._draws.choice(self._texts["defects"])
            return {"defect": defect, "score": self._draws.choice(_LOW_SCORES)}
        return {"defect": "", "score": self._draws.choice(_SCORES)}

    def _score(self, text: str, bias: float) -> int:
        taste = _spread(Draws(self._seed, "judge-taste", text)) * _TASTE
        moment = _spread(self._draws) * _MOMENT
        value = 2.6 + substance(text) + taste + moment + bias
        return max(_LOWEST, min(_HIGHEST, math.floor(value + 0.5)))

    def _reason(self, first: int, second: int) -> str:
        if abs(first - second) <= 1:
            return str(self._draws.choice(self._texts["even"]))
        names = (self._texts["first"], self._texts["second"])
        one, other = names if first > second else names[::-1]
        text = str(self._draws.choice(self._texts["better"])).format(one=one, other=other)
        text = ". ".join(sentence[:1].upper() + sentence[1:] for sentence in text.split(". "))
        return text


def _spread(draws: Draws) -> float:
    """A number between -1 and 1, near 0 more often than not."""
    return draws.unit() + draws.unit() - 1
