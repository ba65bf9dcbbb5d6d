#!/usr/bin/env python3
"""Trains the linear models of the quality checks on labelled cases, and writes them.

    PYTHONPATH=. .venv/bin/python scripts/train_checks.py [FILE]
    PYTHONPATH=. .venv/bin/python scripts/train_checks.py --held-out

Needs what the development environment has. Cases of the halves that the checks are tested on are
not read. With --held-out nothing is written: each author's cases are judged by models that were
trained on those of the others, and by the rules as they are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from matrix_sim.config.quality import QualityConfig
from matrix_sim.quality.contracts import Row, Turn
from matrix_sim.quality.learned import LONGEST_GRAM, text_of, weighed
from matrix_sim.quality.reading import row_of
from matrix_sim.quality.rules import checks_of
from tests.support.labelled_cases import TUNED

CHECKOUT = Path(__file__).resolve().parents[1]
MODELS = CHECKOUT / "matrix_sim" / "quality" / "data" / "learned.ja.json"
CHECKS = ("boilerplate", "addressed_to_assistant", "is_request", "self_contained", "role_purity")
_CASES = CHECKOUT / "tests" / "data"
_OURS = "voice"
"""The author of the cases that were written along with the rules: never held out."""
_STRENGTH = 100.0
"""Inverse of the regularisation; between 40 and 300 it made no difference to held-out authors."""
_ASIDE = 0.1
"""Weight of rows that show a model less than those that it is for."""
_LEAST = 0.1
"""Weights below it are left out: a fifth of all, which did not matter to held-out authors."""
_PLACES = 3


@dataclass(frozen=True)
class Labelled:
    """A row as a model is shown it."""

    author: str
    text: str
    row: Row
    refused: bool
    own: bool
    """Whether its label is of this check; what is good for other checks is good here too."""
    weight: float


def labelled(check: str) -> list[Labelled]:
    """All that the model of a check is trained on."""
    found = []
    for author, name, ok, row in _rows():
        own = name == check
        if (own or ok) and (check != "boilerplate" or row.answers):
            # Where all turns are shown, that nobody answers must not count as good in itself.
            lone = check == "role_purity" and not own and not row.answers
            weight = _ASIDE if lone else 1.0
            found.append(Labelled(author, text_of(check, row), row, own and not ok, own, weight))
    return found


def trained(check: str) -> dict[str, Any]:
    """The model of a check: its bias, and the weights of n-grams."""
    vectorizer, model = _fitted(labelled(check))
    weights = dict(zip(vectorizer.get_feature_names_out(), model.coef_[0], strict=True))
    kept = {gram: round(float(weights[gram]), _PLACES) for gram in sorted(weights)}
    return {
        "bias": round(float(model.intercept_[0]), _PLACES),
        "weights": {gram: weight for gram, weight in kept.items() if abs(weight) >= _LEAST},
    }


def held_out(check: str) -> Iterator[tuple[Labelled, float]]:
    """The cases of a check, each with what a model makes of it that knows none of its author's."""
    cases = labelled(check)
    for author in sorted({case.author for case in cases if case.own} - {_OURS}):
        vectorizer, model = _fitted([case for case in cases if case.author != author])
        theirs = [case for case in cases if case.own and case.author == author]
        rows = _scaled(vectorizer.transform([case.text for case in theirs]))
        yield from zip(theirs, model.predict_proba(rows)[:, 1], strict=True)


def _fitted(cases: Sequence[Labelled]) -> tuple[CountVectorizer, LogisticRegression]:
    vectorizer = CountVectorizer(
        analyzer="char", ngram_range=(1, LONGEST_GRAM), binary=True, min_df=3, lowercase=False
    )
    rows = _scaled(vectorizer.fit_transform([case.text for case in cases]))
    model = LogisticRegression(
        C=_STRENGTH, class_weight="balanced", max_iter=3000, solver="liblinear", random_state=0
    )
    weights = [case.weight for case in cases]
    model.fit(rows, [case.refused for case in cases], sample_weight=weights)
    return vectorizer, model


def _scaled(counts: Any) -> Any:
    """Sparse rows of length 1."""
    return normalize(counts.astype(np.float64))


def _rows() -> Iterator[tuple[str, str, bool, Row]]:
    """Author, check, label and row of every case."""
    for half in TUNED:
        for case in _lines(_CASES / f"quality_cases.{half}.jsonl"):
            yield half, case["check"], case["ok"], row_of(case["row"])
    for case in _lines(_CASES / "voice_cases.jsonl"):
        if case["language"] == "ja":
            yield _OURS, case["check"], case["ok"], _said(case["said"])


def _said(texts: list[str]) -> Row:
    return Row(tuple(Turn("assistant" if n % 2 else "user", text) for n, text in enumerate(texts)))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _table() -> Iterator[str]:
    """How well checks do on authors whose cases their models have not seen."""
    ruled = {check.name: check for check in checks_of(QualityConfig(), "ja", models=False)}
    for check in CHECKS:
        right = extra = missed = 0
        for case, likely in held_out(check):
            found = ruled[check].look(case.row)
            refused = found is not None and not weighed(found, float(likely)).ok
            right += refused and case.refused
            extra += refused and not case.refused
            missed += case.refused and not refused
        precision, recall = right / max(1, right + extra), right / max(1, right + missed)
        yield f"{check:<24} precision {precision:.3f}  recall {recall:.3f}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--held-out"]:
        print(*_table(), sep="\n")
    else:
        target = Path(sys.argv[1]) if len(sys.argv) > 1 else MODELS
        models = {check: trained(check) for check in CHECKS}
        said = json.dumps(models, ensure_ascii=False, indent=0, sort_keys=True)
        target.write_text(f"{said}\n", encoding="utf-8")
