"""Replies are read as decisions or prose; what stays no use is a failure with a name."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from matrix_sim.llm.contracts import Address, Finish, Message, Reply, Request, Role
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.structured import Shorter, ask, ask_text, in_turn
from matrix_sim.messages import Failure


class Mood(BaseModel):
    mood: Literal["good", "bad"]
    because: list[str]


GOOD = Mood(mood="good", because=["晴れ"])
GOOD_JSON = '{"mood": "good", "because": ["晴れ"]}'


def question(schema: bool = True) -> Request:
    return Request(
        Address("act/a00001/t0001"),
        Role.AGENT,
        (Message("system", "決まり"), Message("user", "問い")),
        256,
        schema_of(Mood, "mood") if schema else None,
    )


class Scripted:
    """An LLM that gives the replies it was told, in order."""

    def __init__(self, *replies: tuple[str, Finish] | str) -> None:
        self.replies = [r if isinstance(r, tuple) else (r, Finish.STOP) for r in replies]
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        text, finish = self.replies[len(self.asked) - 1]
        return Reply(text, "", finish, "m")


def repair(error: str, schema: str) -> Message:
    return Message("user", f"誤り: {error}\n形: {schema}")


def decide(llm: Scripted, largest: int = 512, **more: Any) -> Mood | Failure:
    terms = ReplyTerms(256, largest)
    return asyncio.run(ask(llm, question(), Mood, repair, terms, **more))


def tell(llm: Scripted) -> str | Failure:
    return asyncio.run(ask_text(llm, question(schema=False), ReplyTerms(256, 512)))


def room(llm: Scripted) -> list[int]:
    return [request.max_tokens for request in llm.asked]


@pytest.mark.parametrize(
    "text",
    [
        GOOD_JSON,
        f"\n {GOOD_JSON} \n",
        f"```json\n{GOOD_JSON}\n```",
        f"```\n{GOOD_JSON}```",
        f"お答えします。\n```json\n{GOOD_JSON}\n```",
        '{"mood": "good", "because": ["晴れ",],}',
        "{'mood': 'good', 'because': ['晴れ']}",
        '{"mood": "good", "because": ["晴れ"], "extra": 1}',
    ],
)
def test_a_reply_of_the_right_shape_is_taken_however_it_is_wrapped(text: str) -> None:
    llm = Scripted(text)
    assert decide(llm) == GOOD
    assert len(llm.asked) == 1


def test_a_malformed_reply_is_shown_again_with_what_is_wrong_with_it() -> None:
    llm = Scripted('{"mood": "so-so", "because": []}', GOOD_JSON)
    assert decide(llm) == GOOD
    first, second = llm.asked
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.messages[:2] == first.messages
    assert second.messages[2] == Message("assistant", '{"mood": "so-so", "because": []}')
    assert "mood: " in second.messages[3].content
    assert question().schema.json_schema.decode() in second.messages[3].content  # type: ignore[union-attr]
    assert second.schema == first.schema


def test_prose_instead_of_a_decision_is_malformed() -> None:
    assert decide(Scripted("今日は良い天気です。", "やはり良い天気です。")) is Failure.MALFORMED


@pytest.mark.parametrize("text", ["{" * 5000, "[" * 100_000, "/*" * 5000, "9" * 5000])
def test_a_reply_that_no_parser_gets_through_is_malformed(text: str) -> None:
    assert decide(Scripted(text, GOOD_JSON)) == GOOD


def test_a_reply_that_was_cut_off_is_asked_for_once_more_with_twice_the_room() -> None:
    llm = Scripted(('{"mood": "go', Finish.LENGTH), GOOD_JSON)
    assert decide(llm) == GOOD
    assert [(r.attempt, r.max_tokens) for r in llm.asked] == [(1, 256), (2, 512)]
    assert llm.asked[1].messages == llm.asked[0].messages


def test_a_reply_that_was_cut_off_is_not_believed_even_where_it_looks_whole() -> None:
    cut = Scripted((GOOD_JSON, Finish.LENGTH))
    assert decide(cut, attempts=1, largest=256) is Failure.TRUNCATED


def test_room_is_doubled_until_it_is_the_largest_and_no_further() -> None:
    llm = Scripted(*[("", Finish.LENGTH)] * 5)
    assert decide(llm) is Failure.TRUNCATED
    assert room(llm) == [256, 512]
    llm = Scripted(*[("", Finish.LENGTH)] * 5)
    assert decide(llm, largest=1500) is Failure.TRUNCATED
    assert room(llm) == [256, 512, 1024, 1500]


def test_room_that_was_won_is_kept_and_costs_no_attempt() -> None:
    llm = Scripted(("", Finish.LENGTH), "文", ("", Finish.LENGTH), GOOD_JSON)
    assert decide(llm, largest=1024) == GOOD
    assert room(llm) == [256, 512, 512, 1024]
    assert [len(r.messages) for r in llm.asked] == [2, 2, 4, 4]


def shorter(*texts: str) -> Shorter:
    return in_turn((Message("system", "決まり"), Message("user", text)) for text in texts)


def test_a_question_that_is_too_long_is_put_more_shortly_as_long_as_it_can_be() -> None:
    too_long = ("", Finish.CONTEXT_OVERFLOW)
    llm = Scripted(too_long, too_long, "文", GOOD_JSON)
    assert decide(llm, shorter=shorter("問", "", "")) == GOOD
    assert [r.messages[1].content for r in llm.asked] == ["問い", "問", "", ""]
    assert [(r.attempt, len(r.messages)) for r in llm.asked] == [(1, 2), (2, 2), (3, 2), (4, 4)]
    assert decide(Scripted(*[too_long] * 3), shorter=shorter("問", "")) is Failure.CONTEXT_OVERFLOW


def test_what_is_no_shorter_is_not_asked_again() -> None:
    too_long = ("", Finish.CONTEXT_OVERFLOW)
    llm = Scripted(too_long, too_long)
    assert decide(llm, shorter=shorter("問い", "問い", "問", "問")) is Failure.CONTEXT_OVERFLOW
    assert [r.messages[1].content for r in llm.asked] == ["問い", "問"]


def test_a_repeated_question_says_what_was_wrong_with_the_reply_before() -> None:
    llm = Scripted(("", Finish.LENGTH), ("", Finish.CONTEXT_OVERFLOW), "", "文", GOOD_JSON)
    assert decide(llm, attempts=3, shorter=shorter("問")) == GOOD
    assert [r.repeats for r in llm.asked] == [
        None,
        Failure.TRUNCATED,
        Failure.CONTEXT_OVERFLOW,
        Failure.EMPTY,
        Failure.MALFORMED,
    ]


@pytest.mark.parametrize("word", ["truncated", "empty", "malformed", "context_overflow"])
def test_prose_that_is_the_name_of_a_failure_is_prose(word: str) -> None:
    llm = Scripted(word)
    assert tell(llm) == word
    assert len(llm.asked) == 1


def test_an_empty_reply_is_asked_for_again_as_it_was() -> None:
    llm = Scripted(" \n", GOOD_JSON)
    assert decide(llm) == GOOD
    assert llm.asked[1].messages == llm.asked[0].messages
    assert decide(Scripted("", "")) is Failure.EMPTY


@pytest.mark.parametrize(
    ("finish", "failure"),
    [
        (Finish.REFUSED, Failure.REFUSED),
        (Finish.CONTENT_FILTER, Failure.CONTENT_FILTER),
        (Finish.CONTEXT_OVERFLOW, Failure.CONTEXT_OVERFLOW),
    ],
)
def test_what_asking_again_cannot_change_is_a_failure_at_once(
    finish: Finish, failure: Failure
) -> None:
    llm = Scripted((GOOD_JSON, finish))
    assert decide(llm) is failure
    assert tell(Scripted(("文", finish))) is failure


def test_the_failure_is_that_of_the_last_attempt() -> None:
    assert decide(Scripted("", "文")) is Failure.MALFORMED
    assert decide(Scripted("文", *[("文", Finish.LENGTH)] * 2)) is Failure.TRUNCATED
    assert decide(Scripted("文", ("", Finish.REFUSED))) is Failure.REFUSED


def test_the_same_replies_give_the_same_questions() -> None:
    one, two = (Scripted("文", "別の文", GOOD_JSON) for _ in range(2))
    decide(one, attempts=3)
    decide(two, attempts=3)
    assert one.asked == two.asked
    assert [len(r.messages) for r in one.asked] == [2, 4, 4]


def test_a_structured_question_without_a_schema_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="schema"):
        asyncio.run(
            ask(Scripted(GOOD_JSON), question(schema=False), Mood, repair, ReplyTerms(256, 512))
        )


def test_prose_comes_without_white_space_around_it() -> None:
    assert tell(Scripted("\n 晴れた。\n")) == "晴れた。"


def test_prose_is_asked_for_again_where_it_is_empty_or_cut_off() -> None:
    for first in (("", Finish.STOP), ("途中で", Finish.LENGTH)):
        assert tell(Scripted(first, "晴れた。")) == "晴れた。"
    cut = Scripted(("途中で", Finish.LENGTH), ("途中で", Finish.LENGTH))
    assert tell(cut) is Failure.TRUNCATED
