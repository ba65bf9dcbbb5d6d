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
