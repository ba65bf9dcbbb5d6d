"""What a run that has come to its end has less of than was asked for."""

from __future__ import annotations

from collections.abc import Iterable

from matrix_sim.synthesis.figures import DatasetFigures


def shortfall(
    *, scenarios: int, quota: int | None, datasets: Iterable[DatasetFigures]
) -> tuple[str, ...]:
    """Each thing that there is less of, for people; empty where everything is there.

    Args:
        scenarios: how many there are.
        quota: how many were asked for; None where nobody said a number.
        datasets: those that were to be made.
    """
    few = [] if quota is None or scenarios >= quota else [f"{scenarios} of {quota} scenarios"]
    rows = [
        f"{one.accepted} of {one.wanted} rows of '{one.name}'"
        for one in datasets
        if not one.complete
    ]
    return (*few, *rows)
