"""Groups of similar people: constrained K-means (Bradley, Bennett and Demiriz, 2000).

Its assignment step is a minimum cost flow over people times groups arcs, too much for thousands of
both: a large society is cut in two, and again, until each part is small enough.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from matrix_sim.config import GroupSizeConfig
from matrix_sim.errors import UsageError
from matrix_sim.randomness import named_seed
from matrix_sim.society.homophily.bisection import bisect

if TYPE_CHECKING:
    from k_means_constrained import KMeansConstrained

_MAX_ARCS = 20_000
"""People times groups that one K-means takes on (316 people in 63 groups)."""
_FEWEST_STARTS, _MOST_STARTS = 2, 20
"""K-means ends in the nearest optimum: from as many starts as `_MAX_ARCS` pays for."""
_MAX_ITERATIONS = 30

Indices = npt.NDArray[np.intp]


def group_count(people: int, sizes: GroupSizeConfig) -> int:
    """How many groups come nearest to the mean size within the bounds.

    Raises:
        UsageError: no number of groups keeps the bounds; says what would.
    """
    if people < 1:
        raise UsageError("there is nobody to put into groups: the personas are empty")
    fewest, most = -(-people // sizes.max), people // sizes.min
    if fewest <= most:
        return min(max(floor(people / sizes.mean + 0.5), fewest), most)
    # people is below min, or lies between max * most and min * (most + 1).
    fits = [count for count in (sizes.max * most, sizes.min * (most + 1)) if count > 0]
    remedy = (
        f"set group_size.max to {-(-people // most)}" if most else f"set group_size.min to {people}"
    )
    raise UsageError(
        f"{people} people cannot be put into groups of {sizes.min} to {sizes.max}: "
        f"{' or '.join(str(count) for count in fits)} people could, or {remedy}"
    )


def form_groups(
    vectors: npt.NDArray[np.float32], sizes: GroupSizeConfig, seed: int
) -> tuple[tuple[int, ...], ...]:
    """Put similar people together.

    Args:
        vectors: Shape (people, d).
        sizes: Bounds that every group keeps, and the mean that decides how many there are.
        seed: The run's seed.

    Returns:
        A partition of 0..people-1: members ascending, groups by their smallest member.

    Raises:
        UsageError: the bounds cannot be kept.
    """
    # Heavy, and only a founding needs it. Before the limit on threads: that holds for the libraries
    # that are loaded by then.
    from k_means_constrained import KMeansConstrained

    people = len(vectors)
    exact = np.asarray(vectors, dtype=np.float64)
    pending = [(np.arange(people), group_count(people, sizes))]
    groups: list[tuple[int, ...]] = []
    # One thread: how many there are decides the last bits, and these matrices are small.
    with threadpool_limits(limits=1):
        while pending:
            part, count = pending.pop()
            if count == 1:
                groups.append(tuple(part.tolist()))
            elif len(part) * count <= _MAX_ARCS:
                groups.extend(_cluster(KMeansConstrained, exact, part, count, sizes, seed))
            else:
                pending.extend(bisect(exact, part, count, sizes))
    return tuple(sorted(groups))


def _cluster(
    k_means: type[KMeansConstrained],
    vectors: npt.NDArray[np.float64],
    part: Indices,
    count: int,
    sizes: GroupSizeConfig,
    seed: int,
) -> list[tuple[int, ...]]:
    """One part, small enough, in exactly `count` groups."""
    labels = k_means(
        n_clusters=count,
        size_min=sizes.min,
        size_max=min(sizes.max, len(part)),
        n_init=min(max(_MAX_ARCS // (len(part) * count), _FEWEST_STARTS), _MOST_STARTS),
        max_iter=_MAX_ITERATIONS,
        random_state=named_seed(seed, "groups", str(part[0])) % 2**32,
        n_jobs=1,
    ).fit_predict(vectors[part])
    return [tuple(part[labels == label].tolist()) for label in range(count)]
