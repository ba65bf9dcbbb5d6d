"""The shapes of rows that trainers take, and what is said of lines that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.errors import UsageError
from matrix_sim.quality.contracts import Row, Turn
from matrix_sim.quality.reading import read_rows, row_of

USER = {"role": "user", "content": "九九の三の段は？"}
ANSWER = {"role": "assistant", "content": "3、6、9です。"}
ASKED, SAID = Turn("user", "九九の三の段は？"), Turn("assistant", "3、6、9です。")
WORSE = Turn("assistant", "知りません。")


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [USER, ANSWER]},
        {"messages": [
            {"role": "human", "content": [{"type": "text", "text": USER["content"]}]}, ANSWER
        ]},
        {"conversations": [
            {"from": "human", "value": USER["content"]}, {"from": "gpt", "value": ANSWER["content"]}
        ]},
        {"prompt": USER["content"], "completion": ANSWER["content"], "label": True},
        {"prompt": [USER], "completion": [ANSWER]},
    ],
)  # fmt: skip
def test_conversations_in_the_shapes_of_trainers(fields: dict[str, Any]) -> None:
    assert row_of(fields) == Row((ASKED, SAID))


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": [USER], "chosen": [ANSWER], "rejected": [{**ANSWER, "content": "知りません。"}]},
        {"prompt": USER["content"], "chosen": ANSWER["content"], "rejected": "知りません。"},
        {"conversations": [{"from": "human", "value": USER["content"]}],
         "chosen": {"from": "gpt", "value": ANSWER["content"]},
         "rejected": {"from": "gpt", "value": "知りません。"}},
        {"chosen": [USER, ANSWER], "rejected": [USER, {**ANSWER, "content": "知りません。"}]},
        {"prompt": USER["content"], "chosen": [USER, ANSWER],
         "rejected": [USER, {**ANSWER, "content": "知りません。"}]},
        {"input": {"messages": [USER], "tools": []}, "preferred_output": [ANSWER],
         "non_preferred_output": [{**ANSWER, "content": "知りません。"}]},
    ],
)  # fmt: skip
def test_preference_data_in_the_shapes_of_trainers(fields: dict[str, Any]) -> None:
    assert row_of(fields) == Row((ASKED,), (SAID,), (WORSE,))


def test_a_rejected_response_beside_messages() -> None:
    fields = {"messages": [USER, ANSWER], "rejected_response": "知りません。"}
    assert row_of(fields) == Row((ASKED, SAID), (), (WORSE,))


@pytest.mark.parametrize(
    "answer",
    [
        {**ANSWER, "reasoning_content": "三を足す。"},
        {**ANSWER, "reasoning": "三を足す。"},
        {**ANSWER, "thinking": "三を足す。"},
        {**ANSWER, "content": "<think>三を足す。</think>\n3、6、9です。"},
    ],
)
def test_thinking_is_taken_apart_and_makes_a_row_that_thinks(answer: dict[str, Any]) -> None:
    row = row_of({"messages": [USER, answer]})
    assert row.thinks
    assert row.turns[1] == Turn("assistant", "3、6、9です。", "三を足す。")


def test_tags_that_a_user_types_stay() -> None:
    row = row_of({"messages": [{"role": "user", "content": "<think>とは？"}]})
    assert row.turns == (Turn("user", "<think>とは？"),)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ([], "holds an array; a row is an object"),
        ({"text": "あ"}, "has none of the fields that hold a conversation"),
        ({"messages": 3}, "'messages' holds a number"),
        ({"messages": []}, "'messages' holds no message"),
        ({"messages": ["あ"]}, "'messages.0' is a string"),
        ({"messages": [USER, {"content": "あ"}]}, "'messages.1.role' is not there"),
        ({"messages": [{"role": "tool", "content": "あ"}]}, "'messages.0.role' is 'tool'"),
        ({"messages": [{"role": "user"}]}, "'messages.0.content' is not there"),
        ({"messages": [{"role": "user", "content": 3}]}, "'messages.0.content' is a number"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "'messages.0.content' is an array",
        ),
        ({"conversations": [{"from": "gpt", "value": None}]}, "'conversations.0.value' is not"),
        ({"prompt": "あ", "chosen": "い"}, "'rejected' is not there, and 'chosen' is"),
        ({"preferred_output": [ANSWER]}, "'input' is not there; a preference of OpenAI's"),
        ({"input": {}, "preferred_output": [ANSWER]}, "'non_preferred_output' is not there"),
        (
            {"input": 1, "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]},
            "'messages' holds a number",
        ),
        ({"chosen": [ANSWER], "rejected": [ANSWER]}, "no message that 'chosen' and 'rejected'"),
    ],
)
def test_what_is_no_row_is_told_with_line_and_field(
    tmp_path: Path, fields: object, told: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps({'messages': [USER]})}\n\n{json.dumps(fields)}\n")
    rows = read_rows(path)
    assert next(rows) == Row((ASKED,))
    with pytest.raises(UsageError) as error:
        next(rows)
    assert f"{path}, line 3: " in str(error.value)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"messages"', "line 1: is no valid JSON"),
        (b'{"a": "\xff"}', "line 1: is not UTF-8 at byte 7"),
        (b"[" * 100_000, "line 1: is no"),
    ],
)
def test_a_line_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=told):
        list(read_rows(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.jsonl: cannot be read"):
        list(read_rows(tmp_path / "none.jsonl"))


def test_a_byte_order_mark_and_lone_surrogates_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('\ufeff{"prompt": "\\ud800あ"}\n', encoding="utf-8")
    assert list(read_rows(path)) == [Row((Turn("user", "\N{REPLACEMENT CHARACTER}あ"),))]
