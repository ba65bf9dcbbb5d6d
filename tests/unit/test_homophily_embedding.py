"""Local embeddings: near for like texts, of length one, the same every time."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.embedding import embed
from matrix_sim.society.homophily.profile import profile_text

TEXTS = ["茶道 書道 古典文学", "書道 茶道 生け花", "溶接技術 機械保守", "機械保守 品質保証"]


def test_like_texts_are_nearer_than_unlike_ones() -> None:
    cosines = embed(TEXTS, seed=1) @ embed(TEXTS, seed=1).T
    assert cosines[0, 1] > cosines[0, 2:].max() + 0.1
    assert cosines[2, 3] > cosines[2, :2].max() + 0.1


def test_the_same_texts_and_seed_give_the_same_bytes() -> None:
    assert embed(TEXTS * 30, seed=3).tobytes() == embed(TEXTS * 30, seed=3).tobytes()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=12))
def test_any_texts_give_rows_of_length_one_or_zero(texts: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectors = embed(texts, seed=0)
    assert vectors.dtype == np.float32
    assert len(vectors) == len(texts)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_identical_texts_have_the_same_direction(count: int) -> None:
    vectors = embed(["介護福祉業 茶道"] * count, seed=0)
    assert np.allclose(vectors @ vectors.T, 1, atol=1e-5)


def test_an_empty_text_is_like_nothing() -> None:
    assert not embed(["", "茶道", "茶道"], seed=0)[0].any()


def test_dimensions_do_not_outgrow_their_bound() -> None:
    vectors = embed([f"{chr(0x4E00 + k)}{chr(0x5E00 + k)}の仕事" for k in range(400)], seed=0)
    assert vectors.shape == (400, 64)


def test_a_profile_says_what_somebody_does_and_not_how_a_generator_writes() -> None:
    persona = Persona(
        id="1",
        age=47,
        occupation="介護福祉業 大手 (現在は引退)",
        region="岡山県",
        description="高い開放性と誠実性を融合する。",
        skills=("介護計画策定", "電子カルテ操作"),
        interests=("歴史散策", "写真撮影"),
    )
    assert profile_text(persona) == (
        "介護福祉業 介護計画策定 電子カルテ操作 歴史散策 写真撮影 岡山県 40代"
    )


def test_prose_stands_in_where_a_profile_lists_nothing() -> None:
    persona = Persona(id="1", description="釣りが好き。", posts=("今日は鯛が釣れた。",))
    assert profile_text(persona) == "釣りが好き。\n今日は鯛が釣れた。"
