"""What rules cannot list: how requests sound that are none, learnt from rows that people labelled.

A linear model on the character n-grams of a text (present or not, scaled to length 1; logistic
regression), one for each of four checks, beside its rules. `scripts/train_checks.py` makes them
from labelled Japanese cases that are kept with the tests; for other languages there are none. On
cases of other authors, which it was not trained on, rules alone missed a quarter of the bad ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from matrix_sim.language import Language
from matrix_sim.quality.contracts import Check, Row, Verdict
from matrix_sim.quality.gram_table import GramTable
from matrix_sim.quality.kept import Kept

LONGEST_GRAM = 4
_SURE = {
    "addressed_to_assistant": 0.8,
    "is_request": 0.8,
    "self_contained": 0.8,
    "role_purity": 0.7,
}
"""Probability from which on a row is refused where the rules found nothing. At 0.7 the first three
also refuse 6 % of the stub's requests, most of them in the tone of business mail; at 0.8, 2 %."""
LEARNED = tuple(_SURE)
"""Checks that have a model."""
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


class Models:
    """The linear models of several checks, on n-grams that are looked up once for all of them."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        """Make them of what is stored: by check, `bias` and `weights` of n-grams."""
        grams = sorted({gram for one in stored.values() for gram in one["weights"]})
        self._table = GramTable(grams)
        rows = {gram: row for row, gram in enumerate(grams, start=1)}
        self._columns = {check: column for column, check in enumerate(stored)}
        self._biases = np.array([one["bias"] for one in stored.values()])
        # The imaginary part counts the grams that a model knows: one sum gives both.
        self._weights = np.zeros((len(grams) + 1, len(stored)), dtype=np.complex128)
        for column, one in enumerate(stored.values()):
            for gram, weight in one["weights"].items():
                self._weights[rows[gram], column] = complex(weight, 1)
        self._heard = Kept(self._probabilities)

    def __contains__(self, check: str) -> bool:
        return check in self._columns

    def probability(self, check: str, text: str) -> float:
        """That a text is to be refused, by what the model of a check has learnt."""
        return float(self._heard.of(text)[self._columns[check]])

    def ahead(self, texts: Iterable[str]) -> None:
        """Listen to texts that will be asked about, all at once."""
        self._heard.ahead(texts)

    def _probabilities(self, texts: Sequence[str]) -> Sequence[npt.NDArray[np.float64]]:
        numbers, starts = self._table.found(texts)
        weights = self._weights.take(numbers, axis=0)
        totals = np.add.reduceat(weights, starts)
        lengths = np.sqrt(np.maximum(totals.imag, 1))
        return list(1 / (1 + np.exp(-self._biases - totals.real / lengths)))


def text_of(check: str, row: Row) -> str:
    """What the model of a check is shown: the first request, or for `role_purity` all turns."""
    if check != "role_purity":
        return f"{_USER}{_clipped(row.request)}{_OVER}"
    turns = [turn for turn in (*row.turns, *row.chosen) if turn.role != "system"]
    marks = {"user": _USER, "assistant": _ASSISTANT}
    return "".join(f"{marks[turn.role]}{_clipped(turn.content)}{_OVER}" for turn in turns)


def with_model(check: Check, language: Language) -> Check:
    """A check by rule, with its model where the language has one."""
    return _Both(check) if language == "ja" and check.name in models() else check


def listen_ahead(rows: Iterable[Row]) -> None:
    """Let the models hear all of the rows at once, before the checks ask."""
    models().ahead(text_of(check, row) for row in rows for check in LEARNED)


class _Both:
    """Rules first, then the ear."""

    def __init__(self, rules: Check) -> None:
        self.name = rules.name
        self._rules = rules

    def look(self, row: Row) -> Verdict | None:
        """See `Check`."""
        found = self._rules.look(row)
        if found is None or (not found.ok and self.name not in _MAY_SLIP):
            return found
        likely = models().probability(self.name, text_of(self.name, row))
        if found.ok and likely > _SURE[self.name]:
            return Verdict(self.name, False, f"{_SOUNDS[self.name]} ({likely:.0%}).")
        if not found.ok and likely < _HARDLY:
            return Verdict(self.name, True, "")
        return found


def _clipped(text: str) -> str:
    if len(text) <= _BEGINNING + _END:
        return text
    return text[:_BEGINNING] + text[-_END:]


@cache
def models() -> Models:
    """Those of the package, read once a process."""
    source = files("matrix_sim.quality") / "data" / "learned.ja.json"
    return Models(orjson.loads(source.read_bytes()))
