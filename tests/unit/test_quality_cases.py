"""How the checks agree with people who labelled rows without knowing them: to the case, so that a
regression shows, and so do the misses that are known.
"""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path

import orjson
import pytest

from tests.support.labelled_cases import (
    KNOWN_WRONG,
    TESTED,
    TUNED,
    Agreement,
    Half,
    agreements,
    interval,
    read_cases,
)

CHECKS = (
    *("length", "truncation", "repetition", "language"),
    *("boilerplate", "addressed_to_assistant", "is_request", "self_contained", "role_purity"),
    *("pii", "contamination", "duplicate", "near_duplicate"),
)
ENOUGH = 0.9
"""Of precision and of recall, on rows that nobody made a rule by."""
WEAKER = {"addressed_to_assistant": 0.89}
"""Checks that come short of that: 5 of the 47 that this one refuses are requests."""
CHECKOUT = Path(__file__).resolve().parents[2]


def _agreements(halves: tuple[Half, ...], folder: Path) -> list[Agreement]:
    cases = [case for half in halves for case in read_cases(half)]
    found = list(agreements(cases, CHECKS, folder))
    print(f"\n{' and '.join(halves)}:", *found, sep="\n  ")
    return found


@pytest.mark.parametrize("halves", [TUNED, TESTED])
def test_each_check_has_enough_cases_of_both_labels(halves: tuple[Half, ...]) -> None:
    cases = [case for half in halves for case in read_cases(half)]
    assert len({case.id for case in cases}) == len(cases)
    labels = Counter((case.check, case.ok) for case in cases)
    assert min(labels[check, ok] for check in CHECKS for ok in (True, False)) >= 15
    assert min(labels[check, True] + labels[check, False] for check in CHECKS) >= 34


def test_what_is_refused_is_right_nine_times_in_ten_on_cases_not_seen_before(
    tmp_path: Path,
) -> None:
    weak = {
        one.check: (round(one.precision, 3), round(one.recall, 3))
        for one in _agreements(TESTED, tmp_path)
        if min(one.precision, one.recall) < WEAKER.get(one.check, ENOUGH)
    }
    assert weak == {}


@pytest.mark.parametrize("half", [*TUNED, *TESTED])
def test_the_checks_are_wrong_exactly_where_that_is_known(half: Half, tmp_path: Path) -> None:
    wrong = {one.check: (*one.extra, *one.missed) for one in _agreements((half,), tmp_path)}
    assert {check: ids for check, ids in wrong.items() if ids} == KNOWN_WRONG[half]


def test_the_models_are_those_that_training_gives() -> None:
    training = runpy.run_path(str(CHECKOUT / "scripts" / "train_checks.py"))
    kept = orjson.loads(training["MODELS"].read_bytes())
    assert set(kept) == set(training["CHECKS"])
    for check in ("is_request", "role_purity"):
        model = training["trained"](check)
        assert model["weights"].keys() == kept[check]["weights"].keys()
        for gram, weight in model["weights"].items():
            assert weight == pytest.approx(kept[check]["weights"][gram], abs=2e-3)


def test_an_interval_is_wilsons() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    assert (interval(81, 263), interval(0, 20)) == ("[0.26, 0.37]", "[0.00, 0.16]")
