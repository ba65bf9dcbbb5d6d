"""What a model leaves in a message, and what somebody only speaks of."""

from __future__ import annotations

import pytest

from matrix_sim.language import Language
from matrix_sim.quality.role_purity import RolePurity
from tests.support.voice_samples import row_of

QUESTION = "卵だけで作れる朝食を教えてください。"
ANSWER = "オムレツがおすすめです。卵を溶いて塩をひとつまみ入れ、弱火で焼いてください。"
ENGLISH = (
    "How do I make breakfast with only eggs?",
    "Try an omelette: beat the eggs and add salt.",
)


def passes(*said: str, language: Language = "ja") -> bool:
    verdict = RolePurity(language).look(row_of(*said))
    assert verdict is not None
    return verdict.ok


@pytest.mark.parametrize(
    "form",
    [
        "{}<|im_end|>",
        "{}</s>",
        "{}<end_of_turn>\n",
        "<|im_start|>user\n{}",
        "<start_of_turn>user\n{}",
        "{}\n<|im_start|>user\nOK",
        "<think>考える。</think>{}",
        "<think>\n{}",
        "</think>{}",
        "<request>{}</request>",
        "<Answer>\n{}\n</Answer>",
        "<persona>五十代の農家。</persona>{}",
        "<goal>健康になる</goal>\n{}",
        "<task>相談</task>\n{}",
        '{{"message": "{}"}}',
        '```json\n{{"mood": "goes_on", "message": "{}"}}\n```',
    ],
)
def test_what_a_model_left_in_a_message_is_seen_on_both_sides(form: str) -> None:
    assert passes(QUESTION, ANSWER)
    assert not passes(form.format(QUESTION), ANSWER)
    assert not passes(QUESTION, form.format(ANSWER))
    assert not passes(form.format(ENGLISH[0]), ENGLISH[1], language="en")
    assert not passes(ENGLISH[0], form.format(ENGLISH[1]), language="en")


@pytest.mark.parametrize(
    "said",
    [
        ("<think>タグは何のためにありますか？", "考えた過程を書く場所で、`</think>` で閉じます。"),
        (
            "ChatMLの例を見せてください。",
            "次の形です。\n\n```\n<|im_start|>user\nやあ<|im_end|>\n```",
        ),
        ("答えをJSONで返してください。日本の首都は？", '{"answer": "東京"}'),
        ("品名と値段を辞書にして。リンゴは120円です。", '{"name": "リンゴ", "price": 120}'),
        ('この誤りを直して：{"message": "やあ",}', '余分な","があります。\n\n{"message": "やあ"}'),
        ("太字のHTMLを見せてください。", "<b>太字</b>と書きます。<p>は段落です。"),
    ],
)
def test_what_is_spoken_of_is_left_alone(said: tuple[str, str]) -> None:
    assert passes(*said)


@pytest.mark.parametrize(
    "message",
    [
        "{{ question }}",
        "{question}を三行で説明してください。",
        "${topic}について教えてください。",
        "[ここに質問を入力]",
        "依頼文：引っ越しの挨拶状を作ってください。",
        "メッセージ：部屋の湿気を取る方法を教えてください。",
        "【依頼文】\n部屋の湿気を取る方法を教えてください。",
        "以下は作成した質問文です：\n部屋の湿気を取る方法は？",
        "鈴木一郎（62歳・大工）「ベランダの板の直し方を教えて」",
        "60代男性・元教師：孫に贈る図鑑を選んでほしい。",
        "プロフィール：三十代女性。\n質問：低糖質のおやつを教えて。",
    ],
)
def test_what_the_making_of_a_message_left_in_it_is_seen(message: str) -> None:
    assert not passes(message, ANSWER)


@pytest.mark.parametrize(
    "message",
    [
        "Jinjaの {{ name }} が展開されません。原因は？",
        "Pythonのf文字列で {total} を三桁区切りにするには？",
        "HTMLの<style>と<task>というタグの違いを教えてください。",
        "質問：パスタを百グラムゆでる水の量は？",
        "以下は私が書いた質問文です。失礼がないか添削してください。「ご多忙のところ恐縮です」",
        "私（62歳・大工）に合う運動を教えてください。",
        "自己紹介文を作ってください。\nプロフィール：三十代女性。趣味は登山。",
    ],
)
def test_what_only_looks_like_it_is_left_alone(message: str) -> None:
    assert passes(message, ANSWER)
