"""What the checks of form say about rows, where the labelled cases leave it open."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matrix_sim.config import QualityConfig
from matrix_sim.config.quality import LengthCheckConfig, ThinkingCheckConfig
from matrix_sim.quality.code import CodeCheck
from matrix_sim.quality.contracts import Row, Turn
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.length import LengthCheck
from matrix_sim.quality.pii import PiiCheck
from matrix_sim.quality.repetition import RepetitionCheck
from matrix_sim.quality.rules import Rules, checks_of, memories_of
from matrix_sim.quality.thinking import ThinkingCheck
from matrix_sim.quality.truncation import TruncationCheck
from tests.support.examples import examples
from tests.support.rows import pair, row

TRICKY = "「」『』（）()[]{}`~|｜#*-+・>1２.、。！？!?:： \n\t\\@〒0120-ああい漢字が这ABCxyzはをで"
TEXTS = st.text(max_size=80) | st.text(alphabet=TRICKY, max_size=120)
RULES = Rules(QualityConfig(), "ja")
ENGLISH_RULES = Rules(QualityConfig(), "en")


@examples(150)
@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
@example(["\udc80", "```\n\x00"], "<think>")
def test_no_text_breaks_a_check(said: list[str], thinking: str) -> None:
    made = row(*said, thinking=thinking, codes=True)
    for rules in (RULES, ENGLISH_RULES):
        names = [verdict.check for verdict in rules.look(made)]
        assert len(names) == len(set(names))
    for verdict in RULES.look(made):
        assert verdict.ok == (not verdict.reason)
    for memory in memories_of(QualityConfig()):
        memory.look(made)
        memory.remember(made, "row 1")
        again = memory.look(made)
        assert again is None or not again.ok


@examples(100)
@given(TEXTS)
def test_looking_twice_says_the_same(text: str) -> None:
    assert RULES.look(row(text, text)) == RULES.look(row(text, text))


@examples(100)
@given(TEXTS)
def test_a_key_is_its_own_key(text: str) -> None:
    assert key_of(key_of(text)) == key_of(text)


def test_a_check_that_is_off_is_not_made() -> None:
    config = QualityConfig.model_validate({"pii": {"enabled": False}, "duplicate": {"enabled": 0}})
    assert "pii" not in [check.name for check in checks_of(config, "ja")]
    assert [memory.name for memory in memories_of(config)] == ["near_duplicate"]


# length


def _length(*said: str) -> bool:
    return LengthCheck(LengthCheckConfig()).look(row(*said)).ok


def test_a_later_message_may_be_a_word() -> None:
    assert _length("庭に植える木を選びたい", "高木と低木のどちらにしますか？", "低", "沈丁花です。")
    assert not _length("低", "沈丁花です。")


def test_a_row_that_waits_for_an_answer_is_judged_without_one() -> None:
    assert _length("確定申告の手順を教えてください。")


def test_a_nod_answers_what_can_be_nodded_at() -> None:
    assert _length("猫にチョコをあげていいですか？", "いいえ。")
    assert not _length("なぜ空は青いのですか？", "はい。")
    assert not _length("退職届の書き方を教えてください。", "はい、わかりました。")


@pytest.mark.parametrize("said", ["0" * 5000, "null", "`None`", "undefined", "42", "ああ" * 20])
def test_a_first_message_without_words_is_refused(said: str) -> None:
    assert not _length(said, "何についてお答えしましょうか。")
    assert _length("円周率は？", "3.14です。", said[:30], "なるほど、続けましょう。")


@pytest.mark.parametrize(
    "said", ["12×8", "3.14*2=?", "√16", "Noneとnullの違いは？", "あああという歌の題は？"]
)
def test_what_is_reckoned_or_asked_about_is_no_message_without_words(said: str) -> None:
    assert _length(said, "答えは次のとおりで、九十六になります。")


def test_bounds_are_the_configs_and_the_reason_names_them() -> None:
    config = LengthCheckConfig(user=(2, 10), assistant=(5, 20))
    verdict = LengthCheck(config).look(row("あ" * 11, "はい、そうです。"))
    assert "11 characters; at most 10" in verdict.reason
    assert "at least 5" in LengthCheck(config).look(row("りんごは？", "はい")).reason


def test_the_chosen_answer_is_looked_at_and_the_rejected_is_not() -> None:
    check = LengthCheck(LengthCheckConfig())
    assert not check.look(pair("掃除の手順を教えて", "", "まず窓です。")).ok
    assert check.look(pair("掃除の手順を教えて", "まず窓を拭きます。次に床です。", "")).ok


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("断捨離の導入文を300字で書いて", "断捨離しましょう。"),
        ("面接の逆質問を10個考えて", "残業はありますか。"),
        ("起業の流れを詳しく説明して", "登記します。"),
        ("固定と変動のどっちがいいか考え方を教えて", "変動。"),
    ],
)
def test_an_answer_says_as_much_as_was_asked_for(asked: str, answer: str) -> None:
    assert not _length(asked, answer)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("20字以内でパン屋の標語を書いて", "焼きたてが、朝をつくる。"),
        ("四字熟語を3つ挙げて", "一期一会、温故知新、七転八起"),
        ("りんご3個とみかん5個で何個", "8個です。"),
        ("起業の流れを一言で説明して", "登記です。"),
        ("手続きは難しいですか？", "簡単です。"),
    ],
)
def test_a_short_answer_may_be_all_that_was_asked_for(asked: str, answer: str) -> None:
    assert _length(asked, answer)


# truncation


def _whole(answer: str, asked: str = "教えてください") -> bool:
    return TruncationCheck().look(row(asked, answer)).ok


@pytest.mark.parametrize(
    "answer",
    [
        "結論：買い替えのほうが得",
        "- **費用**：約3万円\n- **期間**：2週間ほど",
        "| 項目 | 金額 |\n|---|---|\n| 家賃 | 8万円 |",
        "次のように書けます。\n```python\nprint('「')\n```",
        "楽しんでくださいね(^^)",
        "1. 深呼吸する\n2. 首を伸ばす\n3. 5分だけ目を閉じて",
        "元気な一年になりますように",
        "羊羹、最中、どら焼き",
        "次の2つです。\n- 見積もりを取る\n- 契約書を読む",
        "計算は3倍です。合計は180",
        "$$x = \\frac{a}{b}$$",
    ],
)
def test_an_ending_without_a_full_stop_may_be_an_ending(answer: str) -> None:
    assert _whole(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "手順は三つです。まず、フィルターを外して水で",
        "1. 切ります。\n2. 煮ます。\n3. 味噌を溶",
        "まず転出届を出して、それから",
        "枠は年120万円です。生涯の上限は1,8",
        "次の4つの順に書きます。\n1. 理由\n2. あらすじ",
        "一般に使う薬があります。眠くなりにくいものとしては、フェキソフェナジンやロラタジ",
        "個包装だと、職場でも配りやす",
        "彼女は窓を開け、「あの日のことは",
        "```python\nprint(1)",
        "- 予算を決める\n-",
        "## まとめ\n\n## 次に",
        "| 月 | カレー |\n| 火 |",
        "注意点は次のとおりです。",
        "You should also check the",
        "**大切な点",
    ],
)
def test_what_breaks_off_is_seen(answer: str) -> None:
    assert not _whole(answer)


def test_users_leave_out_more_than_assistants() -> None:
    assert _whole("いいですよ。", "取引先へ発送を知らせるメールを")
    assert not _whole("いいですよ。", "農業の経験はまったくなく、まず")


@pytest.mark.parametrize(
    "asked",
    [
        "保育園の延長のことですけど、うちは夫が夜勤で私が",
        "次を満たす文章を書いてください\n・200字\n・",
        "注意しても聞かないし、それで",
    ],
)
def test_a_user_may_break_off_too(asked: str) -> None:
    assert not _whole("はい、どうぞ続けてください。", asked)


def test_a_slogan_ends_as_no_sentence_does() -> None:
    slogan = "あなたの毎日に、ひとさじの甘さを"
    assert _whole(slogan, "菓子店のキャッチコピーを考えて")
    assert not _whole(slogan, "菓子店の今日の予定は？")


# repetition


def _varied(*said: str) -> bool:
    return RepetitionCheck(QualityConfig().repetition).look(row(*said)).ok


def test_a_sentence_may_come_twice_and_not_thrice() -> None:
    sentence = "水分をこまめにとりましょう。"
    assert _varied("夏の注意は", sentence + "帽子も要ります。" + sentence)
    assert not _varied("夏の注意は", (sentence + "帽子も要ります。") * 2 + sentence)


def test_parallel_sentences_about_other_things_are_no_loop() -> None:
    assert _varied(
        "比べて", "".join(f"{x}社のプランは月額{x}千円で、容量は{x}GBです。" for x in "389")
    )
    assert _varied(
        "距離は", "駅から北門まで15分です。駅から南門まで25分です。駅から東門まで9分です。"
    )


def test_the_same_in_other_words_thrice_is_a_loop() -> None:
    said = (
        "良い点を具体的に伝えることが大切です。つまり、大切なのは良い点を具体的に伝えることです。"
    )
    assert not _varied("褒め方は", said + "要するに、具体的に良い点を伝えるのが大切なのです。")


def test_verses_that_are_asked_for_may_have_a_refrain() -> None:
    refrain = "雪が降る、雪が降る。\n屋根の上。\n" * 3
    assert _varied("雪の歌を作って", refrain)
    assert not _varied("雪の話をして", refrain)


@pytest.mark.parametrize("loop", ["ああ" * 10, "やる" * 6, "桜、" * 7, "そうですね" * 3])
def test_what_follows_upon_itself_is_a_loop(loop: str) -> None:
    assert not _varied("話して", f"では、{loop}と続きます。")


def test_onomatopoeia_and_rulers_are_no_loops() -> None:
    assert _varied(
        "擬態語は",
        "ドキドキ、ワクワク、ニコニコ、うーーーんなど。\n----------------------\n終わり。",
    )


def test_the_items_of_a_list_do_not_come_round_again() -> None:
    items = ["・歩く", "・食べる", "・寝る"]
    assert _varied("健康には", "\n".join(items))
    assert not _varied("健康には", "\n".join(items * 2))


def test_two_answers_are_not_the_same() -> None:
    answer = "黒か濃紺が無難です。肩で合わせます。"
    assert not _varied("スーツは？", answer, "シャツは？", answer)


# thinking


def _thought(thinking: str, asked: str = "九九の三の段は？") -> bool | None:
    verdict = ThinkingCheck(ThinkingCheckConfig(length=(5, 50))).look(
        Row((Turn("user", asked), Turn("assistant", "3、6、9です。", thinking)), thinks=True)
    )
    return None if verdict is None else verdict.ok


def test_thinking_is_there_and_of_a_fair_length() -> None:
    assert _thought("三を順に足していけばよい。")
    assert not _thought("")
    assert not _thought("三の段")
    assert not _thought("三を足す。" * 20)


def test_thinking_does_not_know_of_the_stage() -> None:
    assert not _thought("ペルソナの設定に合わせて答える。")
    assert not _thought("The system prompt says to be brief.")
    assert _thought("システムプロンプトとは指示の文だ。", "システムプロンプトって何？")


def test_rows_without_thinking_and_without_an_answer_are_not_looked_at() -> None:
    check = ThinkingCheck(ThinkingCheckConfig())
    assert check.look(row("九九の三の段は？", "3、6、9です。")) is None
    assert check.look(Row((Turn("user", "九九の三の段は？"),), thinks=True)) is None


# code


def _code(answer: str, asked: str = "書いて", codes: bool = False) -> str | None:
    verdict = CodeCheck().look(row(asked, answer, codes=codes))
    return None if verdict is None else verdict.reason


@pytest.mark.parametrize(
    "code",
    [
        "python\nfor i in range(3):\n    print(i)",
        "python\n>>> 1 + 1\n2\n>>> def f():\n...     return 1\n...",
        "python\n!pip install pandas\nimport pandas as pd\n%matplotlib inline\npd?",
        "py\nawait main()",
        "  python\n  x = 1\n  y = 2",
        "\ndef f(x):\n    return x",
        "js\nlet x = ;;; {",
        "\nimport React from 'react'",
        "python\n# 悪い例\nprint 'a'",
    ],
)
def test_code_that_is_fine(code: str) -> None:
    assert _code(f"こうです。\n```{code}\n```\n以上です。") == ""


@pytest.mark.parametrize(
    "code", ["python\nprint('a'", "\ndef f(x):\nreturn x", "python\n>>> for i in 3 print(i)"]
)
def test_python_that_does_not_parse_is_refused(code: str) -> None:
    assert "does not parse" in (_code(f"こうです。\n```{code}\n```") or "")


def test_the_users_own_broken_code_may_be_shown_again() -> None:
    broken = "```python\nprint('a'\n```"
    assert _code(f"括弧が足りません。\n{broken}", f"直して\n{broken}") == ""


def test_a_fence_within_a_longer_fence_does_not_close_it() -> None:
    inner = "```python\nprint(1)\n```\n```python\nprint(\n```"
    assert _code(f"書き方です。\n````markdown\n{inner}\n````\n以上です。") == ""
    assert _whole("```text\n```python\n```\n以上です。")


def test_code_is_due_where_the_row_is_for_it() -> None:
    assert _code("ループを使います。") is None
    assert _code("ループを使います。", codes=True) == "there is no code in the answers"
    assert _code("```sql\nSELECT 1;\n```", codes=True) == ""


def test_deep_nesting_does_not_break_the_check() -> None:
    assert "does not parse" in (_code(f"```python\n{'(' * 5000}\n```") or "")


# pii


@pytest.mark.parametrize(
    "text",
    [
        "電話は０９０－１２３４－５６７８です",
        "うちは(06)6345-1234",
        "東京都世田谷区北沢2-14-8に住んでいます",
        "横浜市青葉区美しが丘3丁目12番地の5です",
        "taro.yamada[at]docomo.ne.jp",
        "普通 1234567 ヤマダタロウ",
        "記号10120 番号12345671",
        "LINE IDは yukiko_0412 です",
        "マイナンバーは 1234 5678 9012",
        "運転免許証番号は301234567890です",
        "5412 3397 5618 4209",
    ],
)
def test_personal_data_is_seen_and_not_repeated(text: str) -> None:
    verdict = PiiCheck().look(row(text, "承知しました。"))
    assert not verdict.ok
    assert not any(part in verdict.reason for part in text.split() if len(part) > 8)


@pytest.mark.parametrize(
    "text",
    [
        "火事は119、警察は110、相談は#9110",
        "窓口は0120-456-789と0570-012-345",
        "taro@example.com と a@mail.example.jp",
        "電話は090-XXXX-XXXXか000-0000-0000",
        "郵便番号100-0001はどこ？",
        "○○県△△市□□町1-2-3",
        "注文番号 4539148703512763",
        "2025-04-01、1200万円、3.14159265358979",
        "@dataclass と @property",
        "国立国会図書館の住所は東京都千代田区永田町1-10-1",
    ],
)
def test_what_is_nobodys_own_may_be_there(text: str) -> None:
    assert PiiCheck().look(row(text, "承知しました。")).ok


def test_personal_data_is_looked_for_in_thinking_and_in_rejected_answers() -> None:
    assert not PiiCheck().look(row("番号は？", "秘密です。", thinking="080-1234-9876だ")).ok
    assert not PiiCheck().look(pair("番号は？", "秘密です。", "080-1234-9876です。")).ok
