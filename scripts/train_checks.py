#!/usr/bin/env python3
"""Trains the linear models of the quality checks on labelled cases, and writes them.

    PYTHONPATH=. .venv/bin/python scripts/train_checks.py [FILE]

Needs what the development environment has. Cases of the halves that the checks are tested on are
not read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from matrix_sim.quality.contracts import Row, Turn
from matrix_sim.quality.learned import LONGEST_GRAM, text_of
from matrix_sim.quality.reading import row_of

CHECKOUT = Path(__file__).resolve().parents[1]
MODELS = CHECKOUT / "matrix_sim" / "quality" / "data" / "learned.ja.json"
CHECKS = ("addressed_to_assistant", "is_request", "self_contained", "role_purity")
_CASES = CHECKOUT / "tests" / "data"
_TRAINED_ON = ("a", "b")
_STRENGTH = 20.0
"""Inverse of the regularisation; 5 and 20 were about the same in cross-validation."""
_PLACES = 4


def trained(check: str) -> dict[str, Any]:
    """The model of a check: its bias, and the weights of n-grams."""
    cases = list(_cases(check))
    texts = [text for text, _ in cases]
    vectorizer = CountVectorizer(
        analyzer="char", ngram_range=(1, LONGEST_GRAM), binary=True, min_df=2, lowercase=False
    )
    rows = normalize(vectorizer.fit_transform(texts).astype(np.float64))
    model = LogisticRegression(
        C=_STRENGTH, class_weight="balanced", max_iter=3000, solver="liblinear", random_state=0
    )
    model.fit(rows, [refused for _, refused in cases])
    weights = dict(zip(vectorizer.get_feature_names_out(), model.coef_[0], strict=True))
    return {
        "bias": round(float(model.intercept_[0]), _PLACES),
        "weights": {gram: round(float(weights[gram]), _PLACES) for gram in sorted(weights)},
    }


def _cases(check: str) -> Iterator[tuple[str, bool]]:
    """Texts and whether they are to be refused; what is good for other checks is good here too."""
    for half in _TRAINED_ON:
        for case in _lines(_CASES / f"quality_cases.{half}.jsonl"):
            own = case["check"] == check
            elsewhere = case["check"] not in CHECKS and case["ok"]
            if own or elsewhere:
                yield text_of(check, row_of(case["row"])), own and not case["ok"]
    for case in _lines(_CASES / "voice_cases.jsonl"):
        if case["check"] == check and case["language"] == "ja":
            yield text_of(check, _said(case["said"])), not case["ok"]


def _said(texts: list[str]) -> Row:
    return Row(tuple(Turn("assistant" if n % 2 else "user", text) for n, text in enumerate(texts)))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else MODELS
    models = {check: trained(check) for check in CHECKS}
    said = json.dumps(models, ensure_ascii=False, indent=0, sort_keys=True)
    target.write_text(f"{said}\n", encoding="utf-8")
