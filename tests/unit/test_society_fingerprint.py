"""How alike texts are without a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.society.fingerprint import fingerprint, likeness
from tests.support.examples import examples


def alike(one: str, other: str) -> float:
    return likeness(fingerprint(one), fingerprint(other))


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("家計簿をつけて食費を見直す", "食費の予算を家計簿で決めた", "釣り竿の手入れをした"),
        (
            "介護施設で電子カルテを使う",
            "電子カルテの操作を介護の後輩に教える",
            "町歩きの写真を撮る",
        ),
        ("プログラミングを学ぶ", "プログラミング教室に通う", "ジャガイモの収穫"),
        ("mending the garden shed", "a shed for gardening tools", "learning the accordion"),
        ("Baked two sourdough loaves", "how long should sourdough prove?", "a flat bicycle tyre"),
    ],
)
def test_texts_about_the_same_are_more_alike_than_texts_about_something_else(
    text: str, near: str, far: str
) -> None:
    assert alike(text, near) > 0.2
    assert alike(text, far) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("今日は友人に相談しました。", "明日は家族に相談しようと思っています。"),
        ("三十分ほどかかりそうです。", "三人で三十分ほど話しました。"),
        ("I have been asked about it today", "and they should have asked us about that"),
    ],
)
def test_what_stands_in_any_text_makes_none_alike(one: str, other: str) -> None:
    assert alike(one, other) <= 0.1


def test_case_and_kana_endings_do_not_matter() -> None:
    assert alike("Sourdough", "sourdough") == 1
    assert alike("漬物を配った", "漬物が配られる") == 1


@examples(200)
@given(st.text("漬物料理釣竿カメラabcdefg はをに、", max_size=60), st.text(max_size=60))
def test_likeness_is_a_cosine(one: str, other: str) -> None:
    there, back = alike(one, other), alike(other, one)
    assert there == back
    assert 0 <= there <= 1
    assert alike(one, one) == (1 if fingerprint(one) else 0)


def test_a_text_that_says_nothing_is_like_nothing() -> None:
    assert fingerprint("") == fingerprint("です。") == fingerprint("!? 12") == 0
    assert alike("", "漬物") == alike("", "") == 0
