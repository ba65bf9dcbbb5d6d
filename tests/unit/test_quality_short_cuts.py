"""The short cuts of the checks: they are quick, and never change what is found."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.cli.quality_bench import made_up_rows
from matrix_sim.config.quality import QualityConfig, RepetitionCheckConfig
from matrix_sim.language import Language
from matrix_sim.quality import kept
from matrix_sim.quality.gram_table import GramTable
from matrix_sim.quality.kept import Kept
from matrix_sim.quality.learned import models
from matrix_sim.quality.likeness import common_letters, letters_of
from matrix_sim.quality.needle_index import NeedleIndex
from matrix_sim.quality.needles import ANYHOW, ways_of
from matrix_sim.quality.repetition import RepetitionCheck
from matrix_sim.quality.rules import Rules
from matrix_sim.quality.signs import sign_table
from matrix_sim.quality.wording import wording_of
from matrix_sim.randomness import named_random
from tests.support.examples import examples
from tests.support.voice_samples import row_of, samples

TABLES = ("addressed", "asking", "boilerplate", "role_purity", "self_contained")
SAMPLES = samples()
LETTERS = "あいうaB\0😀。\n"
GRAMS = st.sets(st.text(LETTERS, min_size=1, max_size=5), max_size=30)


@examples(150)
@given(GRAMS, st.lists(st.text(LETTERS, max_size=30), min_size=1, max_size=4))
def test_the_known_grams_of_each_text_are_found(grams: set[str], texts: list[str]) -> None:
    known = sorted(grams)
    numbers, starts = GramTable(known).found(texts)
    for text, found in zip(texts, np.split(numbers, starts[1:]), strict=True):
        assert found.tolist() == [0, *(n for n, gram in enumerate(known, 1) if gram in text)]


def test_a_character_may_be_taken_for_a_letter_of_a_gram() -> None:
    table = GramTable(["ab", "b"], {"B": "b", "x": "y"})
    assert table.found(["aB x"]).numbers.tolist() == [0, 1, 2]


@pytest.mark.parametrize("word", ["おーい", "kiss", "ok"])
def test_small_letters_are_found_in_all_that_a_pattern_takes_for_them(word: str) -> None:
    pattern, index = re.compile(word, re.IGNORECASE), NeedleIndex()
    bits = index.add(ways_of(pattern))
    assert bits != index.add(ANYHOW)
    # Every character that may stand for one of the word's, by Python's own account.
    alike = {letter: re.findall(f"(?i:{letter})", EVERYTHING) for letter in word}
    for place, letter in enumerate(word):
        for other in alike[letter]:
            text = word[:place] + other + word[place + 1 :]
            assert pattern.search(text)
            assert index.may_find(text) & bits, text


EVERYTHING = "".join(map(chr, range(1, 0xD800)))
ATOMS = st.sampled_from(
    ["あ", "い", "a", "K", "ã", "[あい]", "[^あ]", ".", r"\s", "^", "$", "(?=い)", "(?!あ)",
     "(?<=a)", "(?:ã|あ)", "[a-c]", "[Ａ-Ｚ]", "(?i:k)"]
)  # fmt: skip
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=4).map(lambda ways: f"(?:{'|'.join(ways)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,3}?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda one: f"(?>{one})"),
    ),
    max_leaves=12,
)


@examples(600)
@given(PATTERNS, st.booleans(), st.text("あいaAkKcãÃＡａ \n", max_size=12))
def test_a_pattern_is_found_only_where_its_needles_are(
    source: str, any_case: bool, text: str
) -> None:
    pattern, index = re.compile(source, re.IGNORECASE * any_case), NeedleIndex()
    bits = index.add(ways_of(pattern))
    assert not pattern.search(text) or index.may_find(text) & bits


def test_needles_tell_texts_apart() -> None:
    pattern, index = re.compile("(?:お知らせ|お聞かせ)[^。]{0,9}(?:ください|下さい)"), NeedleIndex()
    bits = index.add(ways_of(pattern))
    assert index.may_find("お知らせをください") & bits
    assert not index.may_find("お知らせがあります") & bits
    assert not index.may_find("教えてください") & bits


def test_what_is_added_later_is_looked_for_in_texts_seen_before() -> None:
    index = NeedleIndex()
    first = index.add(ways_of(re.compile("あい")))
    assert index.may_find("うえ") & first == 0
    second = index.add(ways_of(re.compile("うえ")))
    assert index.may_find("うえ") & second
    assert index.may_find("うえ") & first == 0


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", TABLES)
def test_signs_are_found_as_they_are_one_by_one(name: str, language: Language) -> None:
    table = sign_table(name, language)
    texts = [wording_of(text, language).own for one in SAMPLES[::20] for text in one.said]
    for group in table.groups:
        signs = table.signs(group)
        for text in texts:
            one_by_one = (found for sign in signs if (found := sign.seen_in(text)))
            assert signs.find(text) == next(one_by_one, None), (group, text)
            sentence = text.partition("。")[0]
            assert signs.find(sentence, text) == signs.find(sentence)


def test_a_model_adds_up_the_weights_of_the_grams_that_a_text_holds() -> None:
    file = files("matrix_sim.quality") / "data" / "learned.ja.json"
    for check, stored in json.loads(file.read_text("utf-8")).items():
        for text in (sample.said[0] for sample in SAMPLES[:40]):
            known = [weight for gram, weight in stored["weights"].items() if gram in text]
            logit = stored["bias"] + sum(known) / max(1, len(known)) ** 0.5
            likely = 1 / (1 + np.exp(-logit))
            assert models().probability(check, text) == pytest.approx(likely, abs=1e-9)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_rows_get_the_same_verdicts_together_and_alone(language: Language) -> None:
    rules = Rules(QualityConfig(), language)
    made_up = (row for _, row in made_up_rows(named_random(0, "short-cuts")))
    rows = [*(sample.row for sample in SAMPLES[::20]), *islice(made_up, 40)]
    assert rules.look_all(rows) == [rules.look(row) for row in rows]
    assert rules.look_all([]) == []


def test_what_is_kept_is_found_out_at_once_and_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []
    sizes = Kept(lambda texts: [asked.append(list(texts)) or len(text) for text in texts])
    monkeypatch.setattr(kept, "TEXTS", 2)
    sizes.ahead(["a", "bb", "a"])
    assert asked == [["a", "bb"]] * 2
    assert (sizes.of("a"), sizes.of("bb"), sizes.of("ccc")) == (1, 2, 3)
    assert len(asked) == 3
    assert sizes.of("a") == 1  # by now the oldest is gone
    assert len(asked) == 4


@examples(150)
@given(st.text("あいうABア漢字ー", max_size=60), st.integers(2, 5))
def test_letters_that_come_often_are_counted(text: str, times: int) -> None:
    often = [c for c in letters_of([text])[0] if text.count(c) >= times]
    assert common_letters(text, times) == len(often)


UNITS = st.text("あいうえa", min_size=1, max_size=12)


@examples(200)
@given(st.text("あいう。、 \n", max_size=30), UNITS, st.text("かき。", max_size=9))
def test_no_loop_is_overlooked_wherever_it_begins(start: str, unit: str, end: str) -> None:
    size = len(unit)
    period = next(n for n in range(1, size + 1) if unit == (unit[:n] * size)[:size])
    often = 3 * (5 if period == 1 else 2 if period < 5 else 1)
    said = RepetitionCheck(RepetitionCheckConfig(times=3)).look(
        row_of("文章を書いて", start + unit[:period] * often + end)
    )
    assert not said.ok
