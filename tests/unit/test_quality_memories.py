"""Which rows the memories take for earlier ones, what they keep, and how much of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config.quality import NearDuplicateCheckConfig
from matrix_sim.quality.contracts import Row
from matrix_sim.quality.duplicate import DuplicateMemory
from matrix_sim.quality.gram_hashes import gram_hashes
from matrix_sim.quality.likeness import Gist, likeness, plain
from matrix_sim.quality.minhash import PERMUTATIONS, BandIndex, minima, signature
from matrix_sim.quality.near_duplicate import NearDuplicateMemory
from matrix_sim.quality.vectors import VectorIndex
from tests.support.examples import examples
from tests.support.rows import pair, row

FIRST = "風呂場のタイルの黒ずみを落とす方法を教えてください"
LIKE = "風呂場のタイルの黒ずみを落とす方法を教えて"
OTHER = "ベランダの鳩を寄せつけない方法を教えてください"


def _near(cosine: float | None = 0.95) -> NearDuplicateMemory:
    return NearDuplicateMemory(NearDuplicateCheckConfig(cosine=cosine))


def _says(memory: NearDuplicateMemory, made: Row) -> str:
    verdict = memory.look(made)
    assert verdict is not None
    return verdict.reason


def test_a_duplicate_names_the_first_row_that_asks_the_same() -> None:
    memory = DuplicateMemory()
    memory.remember(row("ＰＤＦを Word に変換したい！"), "row 3")
    memory.remember(row("PDFをWordに変換したい"), "row 5")
    assert memory.look(row("pdfをwordに、変換したい。")).reason == "asks the same as row 3"
    assert memory.look(row("WordをPDFに変換したい")).ok


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("径は1.5ミリ？", "径は15ミリ？"),
        ("気温-5度の朝", "気温5度の朝"),
        ("C#の配列", "C++の配列"),
        ("10-20の整数", "1020の整数"),
        ("消費税10%", "消費税10"),
        ("?", "!"),
    ],
)
def test_signs_that_make_another_number_or_name_are_no_punctuation(one: str, other: str) -> None:
    memory = DuplicateMemory()
    memory.remember(row(one), "row 1")
    assert memory.look(row(other)).ok
    assert not memory.look(row(one)).ok


def test_the_answer_makes_no_difference() -> None:
    memory = DuplicateMemory()
    memory.remember(row(FIRST, "重曹を使います。"), "row 1")
    assert not memory.look(pair(FIRST, "酢を使います。", "放っておきます。")).ok


def test_a_near_duplicate_names_the_earlier_row_and_what_it_asks() -> None:
    memory = _near()
    memory.remember(row(OTHER), "row 1")
    memory.remember(row(FIRST), "row 2")
    assert "alike: row 2 asks" in _says(memory, row(LIKE))
    assert "風呂場" in _says(memory, row(LIKE))


def test_what_was_not_remembered_is_not_compared_with() -> None:
    memory = _near()
    assert _says(memory, row(FIRST)) == ""
    assert _says(memory, row(LIKE)) == ""


def test_of_several_the_most_alike_is_named_and_of_equals_the_first() -> None:
    memory = _near()
    memory.remember(row(LIKE), "row 1")
    memory.remember(row(FIRST + "。"), "row 2")
    memory.remember(row(FIRST), "row 3")
    assert _says(memory, row(FIRST)).startswith("100% alike: row 2 ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("福岡の一日観光コースを考えて", "仙台の一日観光コースを考えて"),
        ("さつまいもの保存方法", "じゃがいもの保存方法"),
        ("初心者でもできるカメラの使い方を教えて", "初心者でもできる釣りの始め方を教えて"),
    ],
)
def test_the_same_frame_about_another_thing_is_another_request(one: str, other: str) -> None:
    assert likeness(Gist(plain(one)), Gist(plain(other))) < 0.7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FIRST, LIKE),
        ("予算は二万円で、一泊の旅行先を提案して", "一泊の旅行先を、予算は2万円で提案して"),
        ("蕎麦の茹で方と、麺の保存のこつを", "そばの茹で方と、麺の保存のこつを"),
        ("一日1,500kcalの献立を三日分作って", "1日1500キロカロリーの献立を3日分作って"),
    ],
)
def test_the_same_request_in_another_manner_is_the_same(one: str, other: str) -> None:
    assert likeness(Gist(plain(one)), Gist(plain(other))) >= 0.7


@examples(200)
@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_symmetric_and_whole_with_oneself(one: str, other: str) -> None:
    first, second = Gist(plain(one)), Gist(plain(other))
    assert likeness(first, second) == likeness(second, first)
    assert 0 <= likeness(first, second) <= 1
    assert likeness(first, first) == 1


def test_vectors_are_compared_where_they_are_given() -> None:
    memory = _near()
    memory.remember(row(FIRST), "row 1", np.array([3.0, 4.0]))
    memory.remember(row(OTHER), "row 2", np.array([-4.0, 3.0]))
    asked = row("カビを取りたい")
    found = memory.look(asked, np.array([0.6, 0.81]))
    assert found is not None and "100% cosine: row 1" in found.reason
    far = memory.look(asked, np.array([1.0, 0.0]))
    assert far is not None and far.ok
    assert _says(memory, asked) == ""


def test_without_a_cosine_in_the_config_vectors_are_left_alone() -> None:
    memory = _near(cosine=None)
    memory.remember(row(FIRST), "row 1", np.ones(3))
    found = memory.look(row(OTHER), np.ones(3))
    assert found is not None and found.ok


def test_vectors_grow_and_stay_with_their_rows() -> None:
    index = VectorIndex()
    assert index.nearest(np.ones(4)) is None
    draws = np.random.default_rng(0).normal(size=(700, 4))
    for number, vector in enumerate(draws):
        index.add(10 * number, vector)
    nearest = index.nearest(draws[641] * 5)
    assert nearest is not None and nearest[1] == 6410
    assert nearest[0] == pytest.approx(1, abs=1e-6)


def test_signatures_estimate_the_jaccard_similarity() -> None:
    draw = np.random.default_rng(1)
    for share in (0.2, 0.5, 0.8):
        both = draw.integers(0, 2**63, 1000, dtype=np.uint64)
        common = int(1000 * share)
        ends = [draw.integers(0, 2**63, 1000 - common, dtype=np.uint64) for _ in range(2)]
        one, other = (minima(np.concatenate([both[:common], end])) for end in ends)
        true = common / (2000 - common)
        assert (one == other).mean() == pytest.approx(true, abs=4 * 0.5 / PERMUTATIONS**0.5)


def test_the_index_finds_what_it_holds_before_and_after_it_grows() -> None:
    draw = np.random.default_rng(2)
    signs = [signature(draw.integers(0, 2**63, 30, dtype=np.uint64)) for _ in range(3000)]
    index = BandIndex()
    for number, sign in enumerate(signs):
        assert index.like(sign, 0.5) == []
        index.add(sign)
        assert index.like(sign, 0.5) == [number]
    assert all(index.like(sign, 0.5) == [number] for number, sign in enumerate(signs))
    assert len(index) == 3000


def test_all_that_share_a_band_are_found_after_the_index_grows() -> None:
    draw = np.random.default_rng(3)
    index = BandIndex()
    sign = signature(draw.integers(0, 2**63, 30, dtype=np.uint64))
    for number in range(1500):
        other = signature(draw.integers(0, 2**63, 30, dtype=np.uint64))
        index.add(sign if number % 150 == 7 else other)
    assert index.like(sign, 0.99) == list(range(7, 1500, 150))


def test_the_order_of_characters_makes_another_hash() -> None:
    orders = ["いろは", "いはろ", "ろいは", "ろはい", "はいろ", "はろい"]
    assert len({gram_hashes(text, 3)[0] for text in orders}) == 6


def test_a_row_takes_no_more_than_about_a_kilobyte() -> None:
    index = BandIndex()
    sign = signature(gram_hashes(FIRST, 2))
    for _ in range(4096):
        index.add(sign)
    assert 500 < index.size / len(index) < 1300


def test_a_long_request_is_compared_by_its_beginning() -> None:
    memory = _near()
    memory.remember(row(FIRST * 2000), "row 1")
    assert "alike" in _says(memory, row(FIRST * 1000))


@examples(200)
@given(st.text(min_size=1, max_size=60), st.integers(1, 20))
def test_equal_runs_have_equal_hashes_and_others_do_not(text: str, length: int) -> None:
    runs = [text[n : n + length] for n in range(max(1, len(text) - length + 1))]
    hashes = gram_hashes(text, length).tolist()
    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs))
    assert gram_hashes(runs[-1], length).tolist() == hashes[-1:]
