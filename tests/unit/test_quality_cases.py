"""How the checks agree with people who labelled rows without knowing them: to the case, so that a
regression shows, and so do the misses that are known.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.support.labelled_cases import (
    KNOWN_WRONG,
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


def _agreements(half: Half, folder: Path) -> list[Agreement]:
    found = list(agreements(read_cases(half), CHECKS, folder))
    print(f"\nhalf {half}:", *found, sep="\n  ")
    return found


@pytest.mark.parametrize("half", ["a", "b"])
def test_each_check_has_enough_cases_of_both_labels(half: Half) -> None:
    labels = Counter((case.check, case.ok) for case in read_cases(half))
    assert min(labels[check, ok] for check in CHECKS for ok in (True, False)) >= 12


def test_what_is_refused_is_right_nine_times_in_ten_on_cases_not_seen_before(
    tmp_path: Path,
) -> None:
    weak = {
        one.check: (one.precision, one.recall)
        for one in _agreements("b", tmp_path)
        if min(one.precision, one.recall) < ENOUGH
    }
    assert weak == {}


@pytest.mark.parametrize("half", ["a", "b"])
def test_the_checks_are_wrong_exactly_where_that_is_known(half: Half, tmp_path: Path) -> None:
    wrong = {one.check: (*one.extra, *one.missed) for one in _agreements(half, tmp_path)}
    assert {check: ids for check, ids in wrong.items() if ids} == KNOWN_WRONG[half]


def test_an_interval_is_wilsons() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    assert (interval(81, 263), interval(0, 20)) == ("[0.26, 0.37]", "[0.00, 0.16]")
