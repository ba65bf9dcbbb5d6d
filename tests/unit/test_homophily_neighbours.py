"""Links between groups: capped both ways, to the similar, and nobody is out of reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix_sim.society.homophily.embedding import unit_rows
from matrix_sim.society.homophily.neighbours import link_groups


def centroids(count: int, seed: int, kinds: int | None = None) -> npt.NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    rows = unit_rows(generator.normal(size=(kinds or count, 6)))
    return rows if kinds is None else rows[generator.integers(0, kinds, count)]


def reached(links: Sequence[Sequence[int]], start: int = 0) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        for target in links[waiting.pop()]:
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def reversed_links(links: Sequence[Sequence[int]]) -> list[list[int]]:
    return [[s for s, targets in enumerate(links) if t in targets] for t in range(len(links))]


@settings(deadline=None, max_examples=100)
@given(
    count=st.integers(1, 40),
    neighbours=st.integers(0, 8),
    weak_ties=st.integers(0, 4),
    seed=st.integers(0, 5),
    kinds=st.sampled_from([None, 1, 3]),
)
def test_degrees_are_capped_and_everybody_reaches_everybody(
    count: int, neighbours: int, weak_ties: int, seed: int, kinds: int | None
) -> None:
    links = link_groups(centroids(count, seed, kinds), neighbours, weak_ties, seed)
    cap = neighbours + weak_ties
    incoming = Counter(target for targets in links for target in targets)
    assert len(links) == count
    assert all(len(targets) <= cap for targets in links)
    assert all(incoming[group] <= cap for group in range(count))
    for group, targets in enumerate(links):
        assert group not in targets
        assert len(set(targets)) == len(targets)
    if cap:
        assert reached(links) == set(range(count))
        assert reached(reversed_links(links)) == set(range(count))
    assert links == link_groups(centroids(count, seed, kinds), neighbours, weak_ties, seed)


def test_no_neighbours_and_no_ties_are_no_links() -> None:
    assert link_groups(centroids(4, 0), 0, 0, seed=1) == ((), (), (), ())


def test_a_group_alone_has_no_links() -> None:
    assert link_groups(centroids(1, 0), 8, 2, seed=1) == ((),)


def test_with_places_for_all_everybody_is_a_neighbour() -> None:
    assert [sorted(targets) for targets in link_groups(centroids(5, 0), 8, 2, seed=1)] == [
        [other for other in range(5) if other != group] for group in range(5)
    ]


def test_links_are_ranked_by_similarity() -> None:
    rows = centroids(30, 2)
    for group, targets in enumerate(link_groups(rows, 5, 2, seed=1)):
        cosines = [round(float(rows[group] @ rows[target]), 4) for target in targets]
        assert cosines == pytest.approx(sorted(cosines, reverse=True), abs=2e-4)


def test_links_lead_to_similar_groups_and_a_few_by_lot_do_not() -> None:
    rows = centroids(200, 3)
    cosines = rows @ rows.T

    def mean_similarity(neighbours: int, weak_ties: int) -> float:
        links = link_groups(rows, neighbours, weak_ties, seed=1)
        return float(np.mean([cosines[s, t] for s, targets in enumerate(links) for t in targets]))

    assert mean_similarity(8, 0) > 0.6
    assert mean_similarity(8, 8) < mean_similarity(8, 0) - 0.1


def test_weak_ties_are_drawn_by_the_seed() -> None:
    rows = centroids(100, 4)
    assert link_groups(rows, 4, 2, seed=1) != link_groups(rows, 4, 2, seed=2)
    assert link_groups(rows, 4, 0, seed=1) == link_groups(rows, 4, 0, seed=2)


def test_equally_similar_groups_are_taken_in_the_order_of_their_numbers() -> None:
    links = link_groups(np.ones((6, 1), dtype=np.float32), neighbours=2, weak_ties=0, seed=0)
    assert links[0] == (1, 2)
