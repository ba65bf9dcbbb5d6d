"""Whatever a row holds, the checks of voice give a verdict, soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config.quality import QualityConfig
from matrix_sim.quality.contracts import Row, Turn
from matrix_sim.quality.rules import checks_of
from tests.support.examples import examples
from tests.support.voice_samples import VOICES, row_of

CHECKS = [
    check
    for language in ("ja", "en")
    for check in checks_of(QualityConfig(), language)
    if check.name in VOICES
]
_PIECES = """
「 」 『 " ` ``` ~~~ > : ： 、 。 ？ 　 （ ） * # - 1. ▮ ねえ さん、 私は うちの 例の
お願いします よろしく ありがとう どう いつ それ この 以下の 文を 次の です。 ます。 か User: 田中：
hi Ben, I will you should this text
"""
PIECES = (*_PIECES.split(), "\n", " ", "\t")
WORDS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
TEXTS = st.one_of(WORDS, st.text(max_size=200))
TURNS = st.builds(Turn, st.sampled_from(["system", "user", "assistant"]), TEXTS)
# A thousandth of this is usual; a pattern that backtracks without bound takes minutes.
SOON_S = 5.0


@given(st.lists(TURNS, max_size=5), st.lists(TURNS, max_size=2))
@examples(300)
def test_any_text_gets_the_same_verdict_twice_and_a_refusal_says_why(
    turns: list[Turn], chosen: list[Turn]
) -> None:
    row = Row(tuple(turns), tuple(chosen))
    for check in CHECKS:
        said = check.look(row)
        assert said == check.look(row)
        assert said is None or (said.ok == (said.reason == "") and said.check == check.name)


LONG = (
    *(
        "",
        "あ",
        "1",
        "a",
        " ",
        "\n",
        "「",
        "「あ",
        "```",
        "ねえ",
        "さん、",
        "いつも",
        "お願いします",
    ),
    *(
        "よろしくお願いします。",
        "例の",
        "私は",
        "うちの",
        "AA：\n",
        "#あ ",
        "- ",
        "a b ",
        "hi ",
        "あ。",
    ),
)


@pytest.mark.parametrize("piece", LONG)
def test_a_hundred_kilobytes_of_anything_are_looked_at_soon(piece: str) -> None:
    text = piece * (100_000 // max(1, len(piece)))
    begun = time.perf_counter()
    for check in CHECKS:
        check.look(row_of(text, text))
    assert time.perf_counter() - begun < SOON_S
