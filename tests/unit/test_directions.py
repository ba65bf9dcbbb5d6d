"""Vectors as rows of whole numbers: as good as the vectors, and exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.directions import cosines, decode_directions, direction_of, encode_directions
from tests.support.examples import examples


def drawn(seed: int, dimensions: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=dimensions)


@examples(60)
@given(st.integers(0, 10**6), st.sampled_from([8, 64, 1024, 3072]))
def test_the_cosine_of_two_directions_is_that_of_their_vectors(seed: int, dimensions: int) -> None:
    one, other = drawn(seed, dimensions), drawn(seed + 1, dimensions)
    exact = float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
    (cosine,) = cosines(direction_of(one), [direction_of(other)])
    assert cosine == pytest.approx(exact, abs=0.02)
    assert cosines(direction_of(other), [direction_of(one)]) == [cosine]
    assert cosines(direction_of(one), [direction_of(one)]) == [1.0]


def test_scale_does_not_matter_and_sign_does() -> None:
    vector = drawn(3)
    assert direction_of(vector * 1e-6) == direction_of(vector)
    assert cosines(direction_of(vector), [direction_of(-vector)]) == [-1.0]


def test_a_zero_vector_is_like_nothing() -> None:
    assert cosines(direction_of([0, 0]), [direction_of([1, 0]), direction_of([0, 0])]) == [0, 0]
    assert cosines(direction_of([1, 0]), []) == []


def test_directions_of_different_lengths_are_not_compared() -> None:
    with pytest.raises(ValueError, match="other numbers of components"):
        cosines(direction_of([1, 0]), [direction_of([1, 0, 0])])


def test_directions_travel_as_text() -> None:
    directions = (direction_of(drawn(1)), direction_of([0, 0]), b"")
    assert decode_directions(encode_directions(directions[:2])) == directions[:2]
    with pytest.raises(ValueError, match="no text of directions"):
        decode_directions("これは違う")
