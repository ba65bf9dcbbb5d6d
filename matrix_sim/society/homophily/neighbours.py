"""Which groups a group may send to: similar ones, a few by lot, and nobody out of reach."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from matrix_sim.randomness import named_random

_FARTHEST = 1_000
"""How far down its list of similar groups a group looks for one that has room."""


def link_groups(
    centroids: npt.NDArray[np.float32], neighbours: int, weak_ties: int, seed: int
) -> tuple[tuple[int, ...], ...]:
    """Link every group to others (S5).

    Args:
        centroids: Shape (groups, d), rows of length 1.
        neighbours: Most similar groups that a group sends to.
        weak_ties: Further groups, by lot.
        seed: The run's seed.

    Returns:
        Per group the groups that it may send to, most similar first: at most
        neighbours + weak_ties, and no group is sent to by more than that. Every group
        reaches every other over some path, unless both numbers are 0.
    """
    links = _Links(centroids, places=neighbours + weak_ties)
    if links.places > 0 and len(centroids) > 1:
        _ring(links)
        _most_similar(links, neighbours)
        _by_lot(links, weak_ties, seed)
    return links.ranked()


class _Links:
    """The links so far, and how similar groups are."""

    def __init__(self, centroids: npt.NDArray[np.float32], places: int) -> None:
        self.places = places
        """Links out of, and into, a group at most."""
        self.out: list[list[int]] = [[] for _ in centroids]
        self.incoming = [0] * len(centroids)
        self._centroids = centroids

    def similarity(self, group: int) -> npt.NDArray[np.float32]:
        """Cosine with every group; below every cosine with itself.

        Five digits, so that the last bits of a matrix product decide no tie. A row at a time: all
        of them would take a gigabyte at 16,000 groups.
        """
        row: npt.NDArray[np.float32] = np.round(self._centroids @ self._centroids[group], 5)
        row[group] = -2
        return row

    def open(self, source: int, target: int) -> bool:
        """Whether a link may be added."""
        return (
            source != target
            and len(self.out[source]) < self.places
            and self.incoming[target] < self.places
            and target not in self.out[source]
        )

    def add(self, source: int, target: int) -> None:
        self.out[source].append(target)
        self.incoming[target] += 1

    def ranked(self) -> tuple[tuple[int, ...], ...]:
        """Per group its links, most similar first, then by number."""
        ranked = []
        for group, targets in enumerate(self.out):
            row = self.similarity(group)
            ranked.append(tuple(sorted(targets, key=lambda target: (-float(row[target]), target))))
        return tuple(ranked)


def _ring(links: _Links) -> None:
    """One way through all groups and back, each time to the most similar that is left."""
    here, left = 0, np.ones(len(links.out), dtype=bool)
    left[here] = False
    for _ in range(len(links.out) - 1):
        following = int(np.argmax(np.where(left, links.similarity(here), -3)))
        links.add(here, following)
        here, left[following] = following, False
    links.add(here, 0)


def _most_similar(links: _Links, neighbours: int) -> None:
    """The most similar pairs first, until everybody has `neighbours` or finds no more room."""
    wishes = [_wishes(links, group, neighbours) for group in range(len(links.out))]
    for _, source, target in heapq.merge(*wishes):
        if len(links.out[source]) < neighbours and links.open(source, target):
            links.add(source, target)


def _wishes(links: _Links, source: int, neighbours: int) -> Iterator[tuple[float, int, int]]:
    """Links that a group would like, most similar first, as long as it needs any."""
    row = links.similarity(source)
    nearest = np.argsort(-row, kind="stable")[:_FARTHEST].astype(np.int32)
    distances = -row[nearest]
    del row  # thousands of these wait side by side
    for distance, target in zip(distances, nearest, strict=True):
        if len(links.out[source]) >= neighbours:
            return
        yield float(distance), source, int(target)


def _by_lot(links: _Links, weak_ties: int, seed: int) -> None:
    """Up to `weak_ties` more each, by shifts of a shuffled circle: fair to either side."""
    count = len(links.out)
    generator = named_random(seed, "weak-ties")
    circle, shifts = list(range(count)), list(range(1, count))
    generator.shuffle(circle)
    generator.shuffle(shifts)
    wanting = dict.fromkeys(range(count), weak_ties) if weak_ties else {}
    for shift in shifts:
        if not wanting:
            break
        for place in list(wanting):
            source, target = circle[place], circle[(place + shift) % count]
            if links.open(source, target):
                links.add(source, target)
                wanting[place] -= 1
            if wanting[place] == 0 or len(links.out[source]) == links.places:
                del wanting[place]
