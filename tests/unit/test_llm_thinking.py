"""Thinking is found wherever a server or a model put it, and answers about tags stay answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.llm.thinking import split_thinking, take_apart
from tests.support.examples import examples

HARMONY = (
    "<|channel|>analysis<|message|>考え<|end|><|start|>assistant<|channel|>final<|message|>答え"
)


@pytest.mark.parametrize(
    "content",
    [
        "<think>\n考え\n</think>\n\n答え",
        "\n<think>考え</think>答え",
        "考え\n</think>\n\n答え",
        "[THINK]考え[/THINK]答え",
        "<seed:think>考え</seed:think>答え",
        "◁think▷考え◁/think▷答え",
        "<|channel>thought\n考え<channel|>答え",
        "<thinking>\n考え\n</thinking>\n答え",
        "<reasoning>考え</reasoning>\n\n答え",
        HARMONY,
        f"<|start|>assistant{HARMONY}<|return|>",
        "<|channel|>analysis<|message|>考え<|start|>assistant<|channel|>final "
        "<|constrain|>json<|message|>答え<|end|>",
        "analysis考えassistantfinal答え",
    ],
)
def test_inline_thinking_of_every_kind_is_taken_off(content: str) -> None:
    assert split_thinking(content) == ("考え", "答え")


@pytest.mark.parametrize(
    "content",
    [
        "答え",
        "本文で <think>x</think> と書く",
        "`</think>` は考えの終わりです",
        "タグ </think> の話と\nその続き",
        "<thinking> というタグがあります",
        "<thinking>と</thinking>で囲みます",
        "<reasoning は途中",
        "analysis of variance is a method",
        '{"tag": "</think>\\n"}',
        '["</think>\\n"]\n',
        "手順 <|channel|> とは",
    ],
)
def test_an_answer_that_talks_about_tags_is_an_answer(content: str) -> None:
    assert split_thinking(content) == ("", content)


@pytest.mark.parametrize(
    "content",
    ["<think>途中", "[THINK]途中", "<|channel|>analysis<|message|>途中", "<|channel>thought\n途中"],
)
def test_thinking_that_was_cut_off_leaves_no_text(content: str) -> None:
    assert split_thinking(content) == ("途中", "")


def test_an_empty_thought_leaves_the_text_alone() -> None:
    assert split_thinking("<|channel>thought\n<channel|>答え") == ("", "答え")
    assert split_thinking("<think>\n\n</think>\n\n答え") == ("", "答え")


@pytest.mark.parametrize(
    ("message", "apart"),
    [
        ({"content": "答え", "reasoning_content": "考え"}, ("考え", "答え")),
        ({"content": "答え", "reasoning": "考え"}, ("考え", "答え")),
        ({"content": "答え", "thinking": "考え"}, ("考え", "答え")),
        ({"content": "答え", "reasoning_content": "", "reasoning": "考え"}, ("考え", "答え")),
        ({"content": "答え", "reasoning": {"effort": "low"}}, ("", "答え")),
        ({"content": "<think>考え</think>答え", "reasoning_content": "考え"}, ("考え", "答え")),
        ({"content": "<think></think>答え", "reasoning": "考え"}, ("考え", "答え")),
        ({"content": None, "reasoning": "考え"}, ("考え", "")),
        ({}, ("", "")),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "考え"}]},
                    {"type": "text", "text": "答え"},
                ]
            },
            ("考え", "答え"),
        ),
    ],
)
def test_a_field_of_any_name_holds_the_thinking(
    message: dict[str, Any], apart: tuple[str, str]
) -> None:
    assert take_apart(message) == apart


@examples(300)
@given(st.text(alphabet="<>/|think channelanalysis\n[]", max_size=60))
def test_no_text_is_lost_or_invented(content: str) -> None:
    thinking, text = split_thinking(content)
    assert text in content
    assert all(part in content for part in thinking.split("\n\n"))
