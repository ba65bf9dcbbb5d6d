"""Communication by lot and none at all: what homophily is compared with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import GroupSizeConfig, PersonasConfig, SocietyConfig
from matrix_sim.personas.loading import load_personas
from matrix_sim.society.homophily.arrangement import Arrangement, arrange, count_groups
from matrix_sim.society.homophily.embedding import Vectors, embed
from matrix_sim.society.homophily.grouping import group_count
from matrix_sim.society.homophily.lots import groups_by_lot, links_by_lot
from matrix_sim.society.homophily.profile import profile_text
from tests.support.examples import examples

SIZES = GroupSizeConfig(min=2, max=6, mean=4)
PEOPLE = load_personas(PersonasConfig(), 3, Path(), "ja").personas


@cache
def vectors() -> Vectors:
    return embed([profile_text(person) for person in PEOPLE], seed=3)


def settings_of(communication: str) -> SocietyConfig:
    return SocietyConfig.model_validate(
        {"ticks": 1, "communication": communication, "group_size": SIZES, "neighbours": 1}
    )


def arranged(communication: str) -> Arrangement:
    return arrange(PEOPLE, vectors(), settings_of(communication), seed=3)


@pytest.mark.parametrize("communication", ["homophily", "random", "none"])
def test_how_many_groups_there_will_be_is_known_beforehand(communication: str) -> None:
    assert count_groups(len(PEOPLE), settings_of(communication)) == len(
        arranged(communication).groups
    )


@examples(60)
@given(people=st.integers(2, 120), seed=st.integers(0, 5))
def test_groups_by_lot_part_everybody_within_the_bounds(people: int, seed: int) -> None:
    groups = groups_by_lot(people, GroupSizeConfig(min=1, max=10, mean=5), seed)
    assert sorted(person for group in groups for person in group) == list(range(people))
    assert len(groups) == group_count(people, GroupSizeConfig(min=1, max=10, mean=5))
    assert max(map(len, groups)) - min(map(len, groups)) <= 1
    assert list(groups) == sorted(tuple(sorted(group)) for group in groups)


@examples(60)
@given(groups=st.integers(1, 60), links=st.integers(0, 12), seed=st.integers(0, 5))
def test_links_by_lot_are_as_many_in_as_out_and_leave_nobody_out_of_reach(
    groups: int, links: int, seed: int
) -> None:
    found = links_by_lot(groups, links, seed)
    most = min(links, groups - 1)
    assert all(len(set(out)) == len(out) == most for out in found)
    assert all(group not in out for group, out in enumerate(found))
    incoming = np.bincount([target for out in found for target in out], minlength=groups)
    assert set(incoming) == {most}
    if most:
        reached, front = {0}, [0]
        while front:
            front = [t for source in front for t in found[source] if t not in reached]
            reached |= set(front)
        assert len(reached) == groups


@pytest.mark.parametrize("first", [1, 2, 5])
def test_the_first_links_by_lot_favour_no_group(first: int) -> None:
    found = links_by_lot(20, 10, seed=3)
    incoming = np.bincount([target for out in found for target in out[:first]], minlength=20)
    assert set(incoming) == {first}, "where a limit leaves room for no more of them"


def test_another_seed_draws_other_lots_and_the_same_seed_the_same() -> None:
    assert groups_by_lot(40, SIZES, 1) == groups_by_lot(40, SIZES, 1)
    assert groups_by_lot(40, SIZES, 1) != groups_by_lot(40, SIZES, 2)
    assert links_by_lot(20, 3, 1) != links_by_lot(20, 3, 2)


def test_without_communication_everybody_is_alone() -> None:
    none = arranged("none")
    assert none.groups == tuple((person,) for person in range(len(PEOPLE)))
    assert set(none.neighbours) == {()}


@pytest.mark.parametrize("communication", ["homophily", "random"])
def test_grouping_by_lot_keeps_the_number_of_groups_and_the_bounds(communication: str) -> None:
    sizes = [len(group) for group in arranged(communication).groups]
    assert len(sizes) == group_count(len(PEOPLE), SIZES)
    assert SIZES.min <= min(sizes) <= max(sizes) <= SIZES.max


def test_people_of_a_group_are_more_alike_by_homophily_than_by_lot() -> None:
    def within(arrangement: Arrangement) -> float:
        cosines = [
            float(vectors()[a] @ vectors()[b])
            for group in arrangement.groups
            for a in group
            for b in group
            if a < b
        ]
        return float(np.mean(cosines))

    assert within(arranged("homophily")) > 1.5 * within(arranged("random"))
