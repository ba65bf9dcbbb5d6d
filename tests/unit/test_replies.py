"""What structured replies are taken for: blank is empty, and what no text may hold is replaced."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from matrix_sim.society.replies import GoalReply
from matrix_sim.synthesis.replies import IntentReply, UserTurnReply

BLANK = pytest.mark.parametrize("blank", ["", " ", "\n　\t"])


@BLANK
def test_a_sentence_of_nothing_but_white_space_is_none(blank: str) -> None:
    with pytest.raises(ValidationError, match="want"):
        IntentReply.model_validate({"want": blank, "satisfied_when": "済んだとき。"})
    with pytest.raises(ValidationError, match="plan"):
        GoalReply.model_validate(
            {
                "personality": "慎重。",
                "life_goal": "学ぶ。",
                "plan": ["始める。", blank, "終える。"],
            }
        )


@BLANK
def test_a_message_of_nothing_but_white_space_is_no_message(blank: str) -> None:
    assert UserTurnReply.model_validate({"mood": "satisfied", "message": blank}).message == ""


def test_what_no_text_may_hold_is_replaced_before_anything_else() -> None:
    reply = IntentReply.model_validate({"want": " 甲\ud800 ", "satisfied_when": "乙\0"})

    assert (reply.want, reply.satisfied_when) == ("甲\ufffd", "乙\ufffd")
