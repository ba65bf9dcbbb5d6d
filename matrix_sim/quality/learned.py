"""What rules cannot list: how requests sound that are none, learnt from rows that people labelled.

A linear model on the character n-grams of a text (present or not, scaled to length 1; logistic
regression), one for each of five checks, beside its rules. `scripts/train_checks.py` makes them
from labelled Japanese cases that are kept with the tests; for other languages there are none. On
cases of other authors, which it was not trained on, rules alone missed a quarter of the bad ones.
Rule and model are weighed together: what the model finds very likely is refused without a rule,
and where rules slip, what it finds very unlikely is let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from matrix_sim.language import Language
from matrix_sim.quality.contracts import Check, Row, Turn, Verdict
from matrix_sim.quality.gram_table import GramTable
from matrix_sim.quality.kept import TEXTS, Kept

LONGEST_GRAM = 4
_SURE = {
    "boilerplate": 0.6,
    "addressed_to_assistant": 0.6,
    "is_request": 0.6,
    "self_contained": 0.5,
    "role_purity": 0.7,
}
"""Probability from which on a row is refused where the rules found nothing."""
_HARDLY = {
    "boilerplate": 0.06,
    "addressed_to_assistant": 0.08,
    "is_request": 0.3,
    "self_contained": 0.04,
}
"""Probability below which what the rules found is taken for a slip; other rules do not slip.

Both are chosen by leaving out one author after the other (`scripts/train_checks.py --held-out`).
"""
LEARNED = tuple(_SURE)
"""Checks that have a model."""
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
    """What the model of a check is shown: the first request, or all turns."""
    return _of_turns((*row.turns, *row.chosen)) if check in _OF_ALL_TURNS else _of(row.request)


@lru_cache(maxsize=TEXTS)
def _of(request: str) -> str:
    """The request, and its beginning and end once more in planes of their own."""
    text = _clipped(request)
    bare = text.strip()
    begin, end = _moved(_USER + bare[:_EDGE], 1), _moved(bare[-_EDGE:] + _OVER, 2)
    return f"{_USER}{text}{_OVER}{begin}{end}"


@lru_cache(maxsize=TEXTS)
def _of_turns(turns: tuple[Turn, ...]) -> str:
    """All turns; what the assistant says in another plane than what the user says."""
    return "".join(
        f"{_USER}{_clipped(turn.content)}{_OVER}"
        if turn.role == "user"
        else _moved(f"{_ASSISTANT}{_clipped(turn.content)}{_OVER}", 1)
        for turn in turns
        if turn.role != "system"
    )


def _moved(text: str, planes: int) -> str:
    """The text with its characters so many planes on; those beyond the first stay."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    moved = np.where(points < _PLANE, points + planes * _PLANE, points).astype("<u4")
    return moved.tobytes().decode("utf-32-le", "surrogatepass")


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
        if found is None or (not found.ok and self.name not in _HARDLY):
            return found
        likely = models().probability(self.name, text_of(self.name, row))
        return weighed(found, likely)


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
def models() -> Models:
    """Those of the package, read once a process."""
    source = files("matrix_sim.quality") / "data" / "learned.ja.json"
    return Models(orjson.loads(source.read_bytes()))
