"""Cutting a society in two, so that either half can still be put into groups within bounds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matrix_sim.config import GroupSizeConfig

_ROUNDS = 10
_NOTHING = 1e-12

Indices = npt.NDArray[np.intp]


def bisect(
    vectors: npt.NDArray[np.float64], part: Indices, count: int, sizes: GroupSizeConfig
) -> list[tuple[Indices, int]]:
    """Cut a part that holds at least two groups: 2-means under a constraint.

    With two clusters the best assignment under a constraint on their sizes needs no flow: order
    people by how much nearer they are to the one centre, and cut at the allowed place that
    costs least.

    Args:
        vectors: Shape (people, d), of the whole society.
        part: Who is to be parted, ascending.
        count: How many groups the part is to hold; `len(part)` is feasible for it.
        sizes: Bounds of a group.

    Returns:
        Two parts, ascending, each with the number of groups it is to hold.
    """
    people = vectors[part]
    shares = _shares(len(part), count, sizes)
    allowed = np.flatnonzero(shares)
    # Ten digits: equal people stay equal whatever the linear algebra library.
    preference = np.round(_along_principal_axis(people), 10)
    cut, order = -1, np.arange(len(part))
    for _ in range(_ROUNDS):
        order = np.argsort(preference, kind="stable")
        cost = np.concatenate(([0.0], np.cumsum(preference[order])))
        best = int(allowed[np.argmin(np.round(cost[allowed], 8))])
        left, right = people[order[:best]].mean(axis=0), people[order[best:]].mean(axis=0)
        # The difference of the squared distances to the two centres.
        preference = np.round(2 * people @ (right - left) + left @ left - right @ right, 10)
        if best == cut:
            break
        cut = best
    first = int(shares[cut])
    return [
        (np.sort(part[order[:cut]]), first),
        (np.sort(part[order[cut:]]), count - first),
    ]


def _shares(people: int, count: int, sizes: GroupSizeConfig) -> npt.NDArray[np.intp]:
    """Per size of the first half, how many of `count` groups it holds; 0 where not allowed.

    Halves are kept between a third and two thirds where the bounds let them, so that the
    number of cuts stays logarithmic and the mean size is alike everywhere.
    """
    half = np.arange(people + 1)
    rest = people - half
    fewest = np.maximum(-(-half // sizes.max), count - rest // sizes.min)
    most = np.minimum(half // sizes.min, count - -(-rest // sizes.max))
    fewest, most = np.maximum(fewest, 1), np.minimum(most, count - 1)
    even = np.floor(half * count / people + 0.5).astype(np.intp)
    shares = np.where(fewest <= most, np.clip(even, fewest, most), 0)
    balanced = np.where((3 * half >= people) & (3 * half <= 2 * people), shares, 0)
    return balanced if balanced.any() else shares


def _along_principal_axis(people: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Where people stand along the direction in which they differ most, nearly: power iteration."""
    spread = people - people.mean(axis=0)
    axis = spread[np.argmax(np.round((spread**2).sum(axis=1), 10))]
    for _ in range(_ROUNDS):
        axis = spread.T @ (spread @ axis)
        length = np.linalg.norm(axis)
        axis = axis / length if length > _NOTHING else np.zeros_like(axis)
    along: npt.NDArray[np.float64] = spread @ axis
    return along
