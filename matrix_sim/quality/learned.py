"""What rules cannot list: how requests sound that are none, learnt from rows that people labelled.

A linear model on the character n-grams of a text (present or not, scaled to length 1; logistic
regression), one for each of five checks, beside its rules. `scripts/train_checks.py` makes them
from labelled Japanese cases that are kept with the tests; for other languages there are none. On
cases of other authors, which it was not trained on, rules alone missed a quarter of the bad ones.
Rule and model are weighed together: what the model finds very likely is refused without a rule,
and where rules slip, what it finds very unlikely is let through.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import orjson

from matrix_sim.language import Language
from matrix_sim.quality.contracts import Check, Row, Verdict

LONGEST_GRAM = 4
_SURE = {
    "boilerplate": 0.5,
    "addressed_to_assistant": 0.5,
    "is_request": 0.5,
    "self_contained": 0.45,
    "role_purity": 0.6,
}
"""Probability from which on a row is refused where the rules found nothing."""
_HARDLY = {
    "boilerplate": 0.06,
    "addressed_to_assistant": 0.08,
    "is_request": 0.1,
    "self_contained": 0.04,
}
"""Probability below which what the rules found is taken for a slip; other rules do not slip.

Both are chosen by leaving out one author after the other (`scripts/train_checks.py --held-out`).
"""
_BEGINNING, _END = 1200, 400
"""Characters of a text that are looked at."""
_USER, _ASSISTANT, _OVER = "\x01", "\x02", "\x03"
_EDGE = 10
"""Characters at the beginning and the end of a request that count as such too."""
_PLANE = 0x10000
"""Added to characters, it makes the n-grams of another place: there they have other weights."""
_OF_ALL_TURNS = ("role_purity", "boilerplate")
_SOUNDS = {
    "boilerplate": "It sounds like a formula of assistants",
    "addressed_to_assistant": "It sounds as if it spoke to somebody else, or to nobody",
    "is_request": "It does not sound as if it asked for anything",
    "self_contained": "It sounds as if more were known than it says",
    "role_purity": "Somebody does not sound like a user, or like an assistant",
}


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights of n-grams."""

    bias: float
    weights: Mapping[str, float]

    def probability(self, text: str) -> float:
        """That a text is to be refused."""
        weights = self.weights
        known = {
            gram
            for length in range(1, LONGEST_GRAM + 1)
            for at in range(len(text) - length + 1)
            if (gram := text[at : at + length]) in weights
        }
        # Added up in one order: the last bit must not depend on the order of a set.
        total = math.fsum(weights[gram] for gram in known)
        return 1 / (1 + math.exp(-self.bias - total / math.sqrt(len(known) or 1)))


def text_of(check: str, row: Row) -> str:
    """What the model of a check is shown: the first request, or all turns.

    Of the request, beginning and end once more in planes of their own; of all turns, what the
    assistant says in another plane than what the user says.
    """
    if check in _OF_ALL_TURNS:
        turns = [turn for turn in (*row.turns, *row.chosen) if turn.role != "system"]
        return "".join(
            f"{_USER}{_clipped(turn.content)}{_OVER}"
            if turn.role == "user"
            else _moved(f"{_ASSISTANT}{_clipped(turn.content)}{_OVER}", 1)
            for turn in turns
        )
    text = _clipped(row.request)
    bare = text.strip()
    begin, end = _moved(_USER + bare[:_EDGE], 1), _moved(bare[-_EDGE:] + _OVER, 2)
    return f"{_USER}{text}{_OVER}{begin}{end}"


def _moved(text: str, planes: int) -> str:
    """The text with its characters so many planes on; those beyond the first stay."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    moved = np.where(points < _PLANE, points + planes * _PLANE, points).astype("<u4")
    return moved.tobytes().decode("utf-32-le", "surrogatepass")


def with_model(check: Check, language: Language) -> Check:
    """A check by rule, with its model where the language has one."""
    model = _models().get(check.name) if language == "ja" else None
    return check if model is None else _Both(check, model)


class _Both:
    """Rules first, then the ear."""

    def __init__(self, rules: Check, model: LinearModel) -> None:
        self.name = rules.name
        self._rules = rules
        self._model = model

    def look(self, row: Row) -> Verdict | None:
        """See `Check`."""
        found = self._rules.look(row)
        if found is None or (not found.ok and self.name not in _HARDLY):
            return found
        return weighed(found, self._model.probability(text_of(self.name, row)))


def weighed(found: Verdict, likely: float) -> Verdict:
    """The verdict of rules together with how likely a model finds it that a row is bad."""
    if found.ok and likely > _SURE[found.check]:
        return Verdict(found.check, False, f"{_SOUNDS[found.check]} ({likely:.0%}).")
    if not found.ok and likely < _HARDLY.get(found.check, 0.0):
        return Verdict(found.check, True, "")
    return found


def _clipped(text: str) -> str:
    if len(text) <= _BEGINNING + _END:
        return text
    return text[:_BEGINNING] + text[-_END:]


@cache
def _models() -> dict[str, LinearModel]:
    source = files("matrix_sim.quality") / "data" / "learned.ja.json"
    stored = orjson.loads(source.read_bytes())
    return {name: LinearModel(one["bias"], one["weights"]) for name, one in stored.items()}
