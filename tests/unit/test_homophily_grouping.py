"""Groups keep their bounds, hold everybody once, and hold people who are alike."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix_sim.config import GroupSizeConfig
from matrix_sim.errors import UsageError
from matrix_sim.society.homophily.bisection import bisect
from matrix_sim.society.homophily.grouping import form_groups, group_count


@st.composite
def bounds(draw: st.DrawFn) -> GroupSizeConfig:
    smallest = draw(st.integers(1, 6))
    largest = draw(st.integers(smallest, 12))
    return GroupSizeConfig(min=smallest, max=largest, mean=draw(st.floats(smallest, largest)))


def feasible_counts(people: int, sizes: GroupSizeConfig) -> list[int]:
    """By trying every number of groups."""
    return [k for k in range(1, people + 1) if k * sizes.min <= people <= k * sizes.max]


def points(people: int, seed: int, kinds: int | None = None) -> npt.NDArray[np.float32]:
    """People as random vectors, or as copies of a few."""
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(kinds or people, 8)).astype(np.float32)
    return vectors if kinds is None else vectors[generator.integers(0, kinds, people)]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), bounds(), st.integers(0, 3), st.sampled_from([None, 1, 3]))
def test_a_partition_keeps_the_bounds_exactly_when_that_is_possible(
    people: int, sizes: GroupSizeConfig, seed: int, kinds: int | None
) -> None:
    vectors = points(people, seed, kinds)
    if not feasible_counts(people, sizes):
        with pytest.raises(UsageError):
            form_groups(vectors, sizes, seed)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        groups = form_groups(vectors, sizes, seed)
    assert sorted(member for group in groups for member in group) == list(range(people))
    assert all(sizes.min <= len(group) <= sizes.max for group in groups)
    assert all(list(group) == sorted(group) for group in groups)
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)
    assert groups == form_groups(vectors, sizes, seed)


@given(st.integers(1, 500), bounds())
def test_the_number_of_groups_is_the_nearest_feasible_one(
    people: int, sizes: GroupSizeConfig
) -> None:
    counts = feasible_counts(people, sizes)
    if counts:
        count = group_count(people, sizes)
        wanted = people / sizes.mean
        assert count in counts
        assert abs(count - wanted) <= min(abs(k - wanted) for k in counts) + 1e-9


@given(st.integers(1, 60), bounds())
def test_what_an_infeasible_grouping_advises_would_work(
    people: int, sizes: GroupSizeConfig
) -> None:
    if feasible_counts(people, sizes):
        return
    with pytest.raises(UsageError) as caught:
        group_count(people, sizes)
    _, advice = str(caught.value).split(": ")
    others, remedy = advice.rsplit(" people could, or set group_size.", 1)
    assert all(feasible_counts(int(other), sizes) for other in others.split(" or "))
    bound, value = remedy.split(" to ")
    widened = {"min": sizes.min, "max": sizes.max, bound: int(value)}
    assert widened["min"] * (people // widened["min"]) <= people
    assert -(-people // widened["max"]) <= people // widened["min"]


def test_an_infeasible_grouping_says_how_many_people_would_do() -> None:
    with pytest.raises(UsageError) as caught:
        group_count(7, GroupSizeConfig(min=3, max=3, mean=3))
    assert str(caught.value) == (
        "7 people cannot be put into groups of 3 to 3: 6 or 9 people could, "
        "or set group_size.max to 4"
    )


def test_too_few_people_for_one_group_are_told_so() -> None:
    with pytest.raises(UsageError, match=r"2 people .* 3 people could, or set group_size.min to 2"):
        group_count(2, GroupSizeConfig(min=3, max=5, mean=4))


def test_nobody_cannot_be_grouped() -> None:
    with pytest.raises(UsageError, match="nobody"):
        group_count(0, GroupSizeConfig())


@settings(deadline=None, max_examples=100)
@given(st.data(), bounds(), st.integers(2, 25), st.sampled_from([None, 1, 3]))
def test_both_halves_of_a_cut_can_be_grouped(
    data: st.DataObject, sizes: GroupSizeConfig, count: int, kinds: int | None
) -> None:
    people = data.draw(st.integers(count * sizes.min, count * sizes.max))
    part = np.arange(3, people + 3)
    halves = bisect(points(people + 3, count, kinds).astype(np.float64), part, count, sizes)
    assert sum(share for _, share in halves) == count
    assert sorted(np.concatenate([half for half, _ in halves])) == list(part)
    for half, share in halves:
        assert share >= 1
        assert share * sizes.min <= len(half) <= share * sizes.max


def test_a_cut_goes_between_two_kinds_of_people() -> None:
    vectors = np.repeat([[0.0, 1.0], [1.0, 0.0]], [12, 8], axis=0)
    (first, _), (second, _) = bisect(vectors, np.arange(20), 4, GroupSizeConfig())
    assert sorted([first.tolist(), second.tolist()]) == [list(range(12)), list(range(12, 20))]


def test_a_society_too_large_for_one_pass_keeps_its_bounds_and_its_kinds_apart() -> None:
    kinds = np.eye(8, dtype=np.float32)
    vectors = np.repeat(kinds, 60, axis=0) + points(480, seed=1) * np.float32(0.01)
    sizes = GroupSizeConfig(min=3, max=6, mean=5)
    groups = form_groups(vectors, sizes, seed=2)
    assert len(groups) == 96
    assert sorted(member for group in groups for member in group) == list(range(480))
    assert all(3 <= len(group) <= 6 for group in groups)
    mixed = [group for group in groups if len({member // 60 for member in group}) > 1]
    assert len(mixed) <= 7  # at most where a cut could not fall between two kinds
    assert groups == form_groups(vectors, sizes, seed=2)
