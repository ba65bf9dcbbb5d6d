"""Homophily as a whole: people of a kind end up together, with like groups next to them."""

from __future__ import annotations

import numpy as np
import pytest

from matrix_sim.config import GroupSizeConfig, SocietyConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.arrangement import arrange
from matrix_sim.society.homophily.embedding import embed
from matrix_sim.society.homophily.profile import profile_text


def people() -> list[Persona]:
    """Carers and welders by turns, four of each."""
    kinds = (
        ("介護福祉業", ("認知症ケア", "電子カルテ操作", "移乗支援"), ("茶道", "古典文学読書")),
        ("鉄鋼業", ("溶接技術", "機械保守", "品質保証"), ("釣り", "太鼓演奏")),
    )
    return [
        Persona(
            id=str(number),
            age=30 + number,
            occupation=kinds[number % 2][0],
            region="大阪府",
            description="真面目に働いている。",
            skills=kinds[number % 2][1],
            interests=kinds[number % 2][2],
        )
        for number in range(8)
    ]


SETTINGS = SocietyConfig(ticks=1, group_size=GroupSizeConfig(min=2, max=5, mean=4))


def test_people_of_different_kinds_end_up_in_different_groups() -> None:
    personas = people()
    vectors = embed([profile_text(persona) for persona in personas], seed=1)
    arrangement = arrange(personas, vectors, SETTINGS, seed=1)
    assert arrangement.groups == ((0, 2, 4, 6), (1, 3, 5, 7))
    assert arrangement.neighbours == ((1,), (0,))
    assert [traits.occupations for traits in arrangement.traits] == [("介護福祉業",), ("鉄鋼業",)]
    assert arrangement.centroids.dtype == np.float32
    assert np.allclose(np.linalg.norm(arrangement.centroids, axis=1), 1, atol=1e-5)


def test_vectors_read_back_from_float32_give_the_same_arrangement() -> None:
    personas = people()
    vectors = embed([profile_text(persona) for persona in personas], seed=1)
    again = np.frombuffer(vectors.tobytes(), dtype=np.float32).reshape(vectors.shape)
    first, second = (arrange(personas, these, SETTINGS, seed=1) for these in (vectors, again))
    assert (first.groups, first.neighbours, first.traits) == (
        second.groups,
        second.neighbours,
        second.traits,
    )
    assert first.centroids.tobytes() == second.centroids.tobytes()


def test_one_person_is_a_group_of_one() -> None:
    personas = people()[:1]
    arrangement = arrange(personas, embed(["茶道"], seed=1), SocietyConfig(ticks=1), seed=1)
    assert arrangement.groups == ((0,),)
    assert arrangement.neighbours == ((),)


def test_bounds_that_cannot_be_met_are_refused() -> None:
    personas = people()[:7]
    three = SocietyConfig(ticks=1, group_size=GroupSizeConfig(min=3, max=3, mean=3))
    with pytest.raises(UsageError, match="6 or 9 people could"):
        arrange(personas, embed([p.id for p in personas], seed=1), three, seed=1)
