"""What the stub says as a judge, from what can be seen of a text without understanding it."""

from __future__ import annotations

import math
import re

from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.script import Script

_SENTENCE = re.compile(r"[。．！？!?](?:\s|$|[^\d])|\.(?=\s|$)|\n(?:[-・]|\d+\.)\s")
_FIGURE = re.compile(r"\d+|[一二三四五六七八九十]+(?:つ|日|分|割)")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_FULL = 300
"""Bytes of a text that count as half of what length can bring."""
_LENGTH, _PER_SENTENCE, _PER_FIGURE, _CODE = 5.0, 0.35, 0.1, 0.7
_ENOUGH = 6
"""Sentences and figures beyond these add nothing."""
_LEAST = 2.0
"""Score of an empty text, but for what the judge makes of it."""
_TASTE, _MOMENT = 1.8, 0.6
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
    """0 to about 9: how much there is to a text, by length, sentences, figures and code."""
    prose = _FENCED.sub("\n", text)
    size = len(prose.encode("utf-8", "replace"))
    length = _LENGTH * size / (size + _FULL)
    sentences = _PER_SENTENCE * min(len(_SENTENCE.findall(prose)), _ENOUGH)
    figures = _PER_FIGURE * min(len(_FIGURE.findall(prose)), _ENOUGH)
    return length + sentences + figures + (_CODE if len(prose) < len(text) else 0.0)


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
        value = _LEAST + substance(text) + taste + moment + bias
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
