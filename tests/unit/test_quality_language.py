"""What the check of language says about rows, where the labelled cases leave it open."""

from __future__ import annotations

import pytest

from matrix_sim.config import QualityConfig
from matrix_sim.config.quality import LanguageCheckConfig
from matrix_sim.quality.language import LanguageCheck
from matrix_sim.quality.rules import Rules
from tests.support.rows import row

RULES = Rules(QualityConfig(), "ja")
ENGLISH_RULES = Rules(QualityConfig(), "en")


@pytest.mark.parametrize("word", ["另外", "此外、", "而且", "其他的", "关系", "或者"])
def test_a_single_chinese_word_is_found(word: str) -> None:
    assert not _native("積立金が上がる理由", f"主な理由は工事費です。{word}計画も古いためです。")


@pytest.mark.parametrize("word", ["一個", "時間的な余裕", "都是正指導", "同窓会有志", "需要的側面"])
def test_japanese_words_that_look_chinese_are_japanese(word: str) -> None:
    assert _native("計画の立て方", f"まず{word}を考えます。")


def _native(*said: str) -> bool:
    return LanguageCheck(LanguageCheckConfig(), "ja").look(row(*said)).ok


def test_a_single_character_of_another_language_is_seen() -> None:
    assert not _native("面接の注意は", "自信を持って话すことです。")
    assert _native("面接の注意は", "自信を持って話すことです。")


@pytest.mark.parametrize("name", ["髙﨑濵", "國澤邊", "沈没 這う 呢絨", "σとμ", "ｷﾀ━(ﾟ∀ﾟ)━!"])
def test_rare_characters_of_japanese_texts_are_no_other_language(name: str) -> None:
    assert _native("これは何？", f"{name} は珍しい字です。")


def test_what_the_user_asks_for_may_be_foreign() -> None:
    answer = "I look forward to hearing from you."
    assert _native("「お返事お待ちしています」を英語で", answer)
    assert not _native("お返事を待っています、と伝えたい", answer)
    assert _native("「ありがとう」は中国語で？", "「谢谢」です。")
    assert not _native("お礼の言い方は", "「谢谢」です。")


def test_code_addresses_and_quotations_are_not_counted() -> None:
    assert _native(
        "見方は", "```\nif you are in the loop then stop\n```\nhttps://a.example/the/way/of/it"
    )
    assert _native("好きな本は", "『The Old Man and the Sea』です。")
    assert _native("fatal: this is not a git repository\nこれは何ですか", "git initがまだです。")


def test_mojibake_is_seen_unless_it_is_the_topic() -> None:
    assert not _native("じゃがいもの茹で方は", "縺ｾ縺壹§繧水から茹でます。")
    assert _native("「縺ｾ縺壹§繧」という文字化けの原因は", "「縺ｾ」はUTF-8の誤読です。")


def test_thinking_may_be_in_any_language() -> None:
    assert (
        LanguageCheck(LanguageCheckConfig(), "ja")
        .look(
            row(
                "茶渋を落としたい",
                "重曹を使います。",
                thinking="The user wants to remove tea stains.",
            )
        )
        .ok
    )


def test_japanese_in_english_data_is_seen_unless_it_is_the_topic() -> None:
    check = LanguageCheck(LanguageCheckConfig(), "en")
    japanese = "まず窓を開けてから、床を掃いてください。そのあと拭きます。"
    assert not check.look(row("How do I clean a room?", japanese)).ok
    assert check.look(row("Say in Japanese how to clean a room", japanese)).ok
    assert check.look(row("How do I clean a room?", "Open the window, then sweep.")).ok
