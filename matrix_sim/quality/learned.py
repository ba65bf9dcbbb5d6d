"""What rules cannot list: how requests sound that are none, learnt from rows that people labelled.

A linear model on the character n-grams of a text (present or not, scaled to length 1; logistic
regression), one for each of four checks, beside its rules. `scripts/train_checks.py` makes them
from labelled Japanese cases that are kept with the tests; for other languages there are none. On
cases of other authors, which it was not trained on, rules alone missed a quarter of the bad ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain

import numpy as np
import orjson

from matrix_sim.language import Language
from matrix_sim.quality.contracts import Check, Row, Verdict
from matrix_sim.quality.gram_table import GramTable, Numbers

LONGEST_GRAM = 4
_SURE = {
    "addressed_to_assistant": 0.8,
    "is_request": 0.8,
    "self_contained": 0.8,
    "role_purity": 0.7,
}
"""Probability from which on a row is refused where the rules found nothing. At 0.7 the first three
also refuse 6 % of the stub's requests, most of them in the tone of business mail; at 0.8, 2 %."""
_HARDLY = 0.2
"""Probability below which what the rules found is taken for a slip, where they may slip."""
_MAY_SLIP = ("is_request",)
_BEGINNING, _END = 1200, 400
"""Characters of a text that are looked at."""
_USER, _ASSISTANT, _OVER = "\x01", "\x02", "\x03"
_SOUNDS = {
    "addressed_to_assistant": "It sounds as if it spoke to somebody else, or to nobody",
    "is_request": "It does not sound as if it asked for anything",
    "self_contained": "It sounds as if more were known than it says",
    "role_purity": "Somebody does not sound like a user, or like an assistant",
}


class LinearModel:
    """Weights of n-grams, of a table that several models may share."""

    def __init__(self, bias: float, weights: Mapping[str, float], table: GramTable) -> None:
        self._bias = bias
        # The imaginary part counts the grams that the model knows: one sum gives both.
        self._weights = np.zeros(len(table), dtype=np.complex128)
        for gram, weight in weights.items():
            self._weights[table[gram]] = complex(weight, 1)

    def probability(self, found: Numbers) -> float:
        """That a text with these grams is to be refused."""
        total = self._weights.take(found).sum()
        return 1 / (1 + math.exp(-self._bias - total.real / math.sqrt(total.imag or 1)))


@dataclass(frozen=True, slots=True)
class Models:
    """The models of all checks, and what they know between them."""

    table: GramTable
    by_check: Mapping[str, LinearModel]


def text_of(check: str, row: Row) -> str:
    """What the model of a check is shown: the first request, or for `role_purity` all turns."""
    if check != "role_purity":
        return f"{_USER}{_clipped(row.request)}{_OVER}"
    turns = [turn for turn in (*row.turns, *row.chosen) if turn.role != "system"]
    marks = {"user": _USER, "assistant": _ASSISTANT}
    return "".join(f"{marks[turn.role]}{_clipped(turn.content)}{_OVER}" for turn in turns)


def with_model(check: Check, language: Language) -> Check:
    """A check by rule, with its model where the language has one."""
    model = models().by_check.get(check.name) if language == "ja" else None
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
        if found is None or (not found.ok and self.name not in _MAY_SLIP):
            return found
        likely = self._model.probability(_grams(text_of(self.name, row)))
        if found.ok and likely > _SURE[self.name]:
            return Verdict(self.name, False, f"{_SOUNDS[self.name]} ({likely:.0%}).")
        if not found.ok and likely < _HARDLY:
            return Verdict(self.name, True, "")
        return found


def _clipped(text: str) -> str:
    if len(text) <= _BEGINNING + _END:
        return text
    return text[:_BEGINNING] + text[-_END:]


@lru_cache(maxsize=4)
def _grams(text: str) -> Numbers:
    """What the models know of a text; three of them are shown the same one."""
    return models().table.found(text)


@cache
def models() -> Models:
    """Those of the package, read once a process."""
    source = files("matrix_sim.quality") / "data" / "learned.ja.json"
    stored = orjson.loads(source.read_bytes())
    table = GramTable(chain.from_iterable(one["weights"] for one in stored.values()))
    made = {name: LinearModel(one["bias"], one["weights"], table) for name, one in stored.items()}
    return Models(table, made)
