"""What the prompts of the synthesis hold, with a scenario, without one, and along a dialogue."""

from __future__ import annotations

import re
from typing import Any

import pytest

from matrix_sim.messages import Goal
from matrix_sim.quality.contracts import Turn
from matrix_sim.synthesis.replies import IntentReply, Mood, PairReply, RowReply, UserTurnReply
from tests.support.prompt_samples import (
    LIBRARIES,
    NO_SCENE,
    in_both,
    rendered,
    situation,
    user_turn,
    values,
)

ASKING = ("instruction", "code_instruction", "safety_instruction", "intent")
FACETS = {
    "instruction": ("task", "complexity", "style"),
    "intent": ("task", "complexity", "style"),
    "code_instruction": ("task", "complexity", "style", "code_language"),
    "safety_instruction": ("complexity", "style", "risk", "degree"),
}
SITUATION = ("persona", "goal", "plan", "scenario", "did", "seen", "requirement")
each_asking = pytest.mark.parametrize("name", ASKING)


def sections(prompt: str) -> list[str]:
    """The tags that are opened, in order."""
    return re.findall(r"^<(\w+)>$", prompt, re.MULTILINE)


def question(prompt: str) -> str:
    """What follows on the last section."""
    return prompt.rpartition(">\n\n")[2]


@in_both
@each_asking
def test_who_asks_is_told_from_what_is_the_persons_to_what_is_drawn(
    language: str, name: str
) -> None:
    assert sections(rendered(language, name, values("あ")[name])) == [*SITUATION, *FACETS[name]]


@in_both
@each_asking
@pytest.mark.parametrize("goal", [None, Goal(0, "", "", ())])
def test_what_is_not_known_of_the_one_who_asks_leaves_no_empty_section(
    language: str, name: str, goal: Goal | None
) -> None:
    bare = values("あ")[name] | NO_SCENE | {"goal": goal, "requirement": None}
    prompt = rendered(language, name, bare)

    assert sections(prompt) == ["persona", *FACETS[name]]
    assert "\n\n\n" not in prompt
    assert not re.search("<(plan|goal|did|seen|scenario)>", question(prompt))


@in_both
@each_asking
def test_the_question_speaks_of_what_happened_only_where_something_did(
    language: str, name: str
) -> None:
    variables = values("あ")[name]
    with_scene = question(rendered(language, name, variables))
    person_alone = question(rendered(language, name, variables | NO_SCENE))
    scarcely = question(rendered(language, name, variables | NO_SCENE | {"did": ("あ",)}))

    assert scarcely == with_scene != person_alone
    if name != "safety_instruction":
        assert "<plan>" in person_alone


@in_both
@each_asking
def test_a_system_message_names_all_that_it_may_be_given_to_follow(
    language: str, name: str
) -> None:
    system = LIBRARIES[language].render(name, **values("あ")[name])[0].content

    assert all(f"<{facet}>" in system for facet in (*FACETS[name], "requirement"))


@in_both
@each_asking
def test_what_others_did_is_told_with_who_did_it_and_ones_own_without(
    language: str, name: str
) -> None:
    said = situation("田植え\nをした") | {"profile": "農家"}
    prompt = rendered(language, name, values("あ")[name] | said)
    did, seen = (prompt.split(f"<{tag}>\n")[1].split(f"\n</{tag}>")[0] for tag in ("did", "seen"))

    assert re.fullmatch("((・|- )田植え をした\n?){2}", did)
    assert re.fullmatch("(・|- )田植え をした(：|: )田植え をした", seen)


@in_both
def test_a_dialogue_is_opened_without_a_move_and_with_a_message(language: str) -> None:
    prompt = user_turn(language, conversation=())[1].content

    assert sections(prompt) == ["persona", "want", "satisfied_when", "style"]
    assert Mood.GOES_ON in question(prompt)


@in_both
def test_a_dialogue_goes_on_from_what_was_said_in_the_way_of_a_move(language: str) -> None:
    prompt = user_turn(language)[1].content

    assert sections(prompt)[-3:] == ["style", "conversation", "move"]
    assert re.search("キャベツが余りました。\n(アシスタント：|Assistant: )蒸します。\n</", prompt)
    assert "2" in question(prompt)


@in_both
@pytest.mark.parametrize("left", [0, 1])
def test_a_last_message_is_known_to_be_the_last(language: str, left: int) -> None:
    said = question(user_turn(language, left=left)[1].content)

    assert said != question(user_turn(language, left=2)[1].content)
    assert not re.search(r"\d", said)


@in_both
def test_a_users_prompt_only_grows_while_the_dialogue_does(language: str) -> None:
    first = (Turn("user", "余りました。"), Turn("assistant", "蒸します。"))
    now = user_turn(language, conversation=first)[1].content
    later = user_turn(language, conversation=first * 2, move="異を唱える。", left=1)[1].content

    assert later.startswith(now[: now.index("\n</conversation>")])


@in_both
@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("intent", IntentReply),
        ("user_turn", UserTurnReply),
        ("judge_pair", PairReply),
        ("judge_row", RowReply),
    ],
)
def test_the_fields_of_a_reply_are_asked_for_in_their_order(
    language: str, name: str, reply: Any
) -> None:
    system = LIBRARIES[language].render(name, **values("あ")[name])[0].content

    asked_for = re.findall(r"^- ([a-z_]+): ", system, re.MULTILINE)

    assert asked_for == list(reply.model_fields)


@in_both
def test_two_answers_are_shown_in_the_order_in_which_they_were_given(language: str) -> None:
    pair = values("あ")["judge_pair"]
    there = rendered(language, "judge_pair", pair | {"first": "甲", "second": "乙"})
    back = rendered(language, "judge_pair", pair | {"first": "乙", "second": "甲"})

    assert "<first>\n甲\n</first>\n\n<second>\n乙\n</second>" in there
    assert back == there.translate(str.maketrans("甲乙", "乙甲"))


@in_both
@pytest.mark.parametrize("name", ["assistant", "safety_assistant"])
def test_the_assistant_is_told_of_no_person_and_no_material(language: str, name: str) -> None:
    said = LIBRARIES[language].text_of(name)

    assert not re.search(r"[<{]\w|persona|ペルソナ|AI", said)
    assert len(said) < 2500


@in_both
@pytest.mark.parametrize("role", ["system", "user", "assistant"])
def test_a_judge_is_shown_who_says_what(language: str, role: Any) -> None:
    labels = {
        "ja": {"system": "システム：", "user": "ユーザー：", "assistant": "アシスタント："},
        "en": {"system": "System: ", "user": "User: ", "assistant": "Assistant: "},
    }
    for name in ("judge_pair", "judge_row"):
        variables = values("あ")[name] | {"conversation": (Turn(role, "はい"),)}
        shown = rendered(language, name, variables)
        assert f"<conversation>\n{labels[language][role]}はい\n</conversation>" in shown


@in_both
def test_a_judge_never_sees_the_thinking(language: str) -> None:
    turns = (Turn("user", "あ"), Turn("assistant", "い", reasoning="内心"))

    assert "内心" not in rendered(language, "judge_row", {"conversation": turns})


@in_both
def test_a_dialogue_that_is_too_short_to_end_is_not_offered_an_end(language: str) -> None:
    said = question(user_turn(language, may_end=False)[1].content)

    assert Mood.GOES_ON in said
    assert Mood.GOES_ON not in question(user_turn(language)[1].content)
