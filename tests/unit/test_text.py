"""Text at the border."""

from matrix_sim.text import clip_to_tokens


def test_a_limit_in_tokens_leaves_latin_letters_three_times_the_characters_of_japanese() -> None:
    assert clip_to_tokens("漢" * 100, 20) == "漢" * 19 + "…"
    assert clip_to_tokens("a" * 100, 20) == "a" * 59 + "…"


def test_a_few_digits_do_not_make_japanese_longer_and_a_few_quotes_not_english_shorter() -> None:
    assert len(clip_to_tokens("千円札を25枚、" * 20, 20)) == 20
    assert len(clip_to_tokens("“Twenty-five” notes, " * 20, 20)) == 60


def test_what_fits_is_left_alone() -> None:
    assert clip_to_tokens("漢" * 20, 20) == "漢" * 20
    assert clip_to_tokens("", 20) == ""
