"""Dialogues, verdicts and what goes wrong, where data sets are made with the stub."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from statistics import mean

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import Language, StubConfig
from matrix_sim.config.datasets import DatasetKind
from matrix_sim.llm.contracts import Address, Finish, Message, Reply, Request, Role
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.stub.endpoint import StubEndpoint
from matrix_sim.llm.stub.wire import ADDRESS_HEADER, completion, read_chat
from matrix_sim.quality.contracts import Turn
from matrix_sim.synthesis.replies import IntentReply, Mood, PairReply, UserTurnReply
from tests.support.stub_data import MANY, Calls, answers, requests
from tests.support.virtual_time import run_virtually

LANGUAGES: tuple[Language, ...] = ("ja", "en")
KINDS: tuple[DatasetKind, ...] = ("sft", "code", "safety")
in_both = pytest.mark.parametrize("language", LANGUAGES)
each_kind = pytest.mark.parametrize("kind", KINDS)


@cache
def dialogues(language: Language) -> tuple[list[Turn], ...]:
    return tuple(Calls(language, "dialogue").dialogue(number) for number in range(MANY))


@in_both
def test_dialogues_have_two_to_five_turns_in_a_fair_spread(language: Language) -> None:
    lengths = Counter(len(turns) // 2 for turns in dialogues(language))

    assert sum(lengths[turns] for turns in (2, 3, 4, 5)) >= 0.9 * MANY
    assert all(lengths[turns] >= 0.08 * MANY for turns in (2, 3, 4, 5)), lengths
    assert len({turns[0].content for turns in dialogues(language)}) == MANY


@in_both
def test_a_dialogue_repeats_nothing_and_follows_up_on_what_was_said(language: Language) -> None:
    quoted = 0
    for turns in dialogues(language):
        said = [turn.content for turn in turns]
        assert len(set(said)) == len(said)
        for asked, before in zip(turns[2::2], turns[1::2], strict=False):
            marks = re.search(r"「(.+?)」|“(.+?)”", asked.content)
            quoted += bool(marks and (marks[1] or marks[2]) in before.content)
    assert quoted > MANY / 3


@in_both
def test_a_dialogue_that_ends_says_why_and_nothing_else(language: Language) -> None:
    calls, moods = Calls(language, "dialogue"), Counter[Mood]()
    turns = [Turn("user", "？"), Turn("assistant", "。")]
    for number in range(60):
        wanted = IntentReply(want="x", satisfied_when="y")
        said = calls.user_turn(number, 5, calls.asked(number), wanted, turns)
        assert (said.mood is Mood.GOES_ON) == bool(said.message)
        moods[said.mood] += 1
    assert moods[Mood.SATISFIED] > 3 * max(1, moods[Mood.GAVE_UP])
    assert moods[Mood.GAVE_UP] + moods[Mood.NO_TIME] > 0


@in_both
@each_kind
def test_the_judge_mostly_prefers_the_chosen_answer_in_both_orders(
    language: Language, kind: DatasetKind
) -> None:
    calls, margins, leads = Calls(language, kind), [], []
    pairs = zip(answers(language, kind), answers(language, kind, "rejected"), strict=True)
    for number, (chosen, rejected) in enumerate(pairs):
        ab = calls.compared(number, "ab", chosen, rejected)
        ba = calls.compared(number, "ba", rejected, chosen)
        margins.append((ab.first - ab.second + ba.second - ba.first) / 2)
        leads.append(ab.first - ba.second)

    assert 0.85 <= sum(margin >= 1 for margin in margins) / MANY <= 0.97
    assert 0.15 < abs(mean(leads)) < 0.5


@in_both
def test_a_row_mostly_gets_seven_to_nine_and_less_only_with_a_defect(language: Language) -> None:
    calls = Calls(language)
    texts = zip(requests(language), answers(language, "sft"), strict=True)
    rows = [
        calls.judged(number, Turn("user", asked), Turn("assistant", answer))
        for number, (asked, answer) in enumerate(texts)
    ]
    assert sum(7 <= row.score <= 9 for row in rows) > 0.8 * MANY
    assert 0 < sum(row.score < 7 for row in rows) < 0.2 * MANY
    assert all((row.score < 7) == bool(row.defect) for row in rows)
    assert calls.judged(1, Turn("user", "なぜ？"), Turn("assistant", "はい。")).score < 7


FAULTS = [
    ({"refused": 1.0}, Finish.REFUSED),
    ({"empty": 1.0}, Finish.STOP),
    ({"truncated": 1.0}, Finish.LENGTH),
]


@pytest.mark.parametrize(("faults", "finish"), FAULTS)
def test_faults_spoil_these_replies_like_any_other(
    faults: dict[str, float], finish: Finish
) -> None:
    endpoint = StubEndpoint(StubConfig(faults=faults, reasoning=True), seed=7, language="ja")
    messages = (Message("user", "囲碁の練習の予定を組んでください。"),)
    asked = Request(Address("d/c000001/answer"), Role.REASONER, messages, 4096)
    reply = run_virtually(endpoint.send(asked, sending=1))

    assert reply.finish is finish
    assert "囲碁" in reply.reasoning


def test_a_malformed_decision_is_no_json() -> None:
    endpoint = StubEndpoint(StubConfig(faults={"malformed": 1.0}), seed=7, language="ja")
    schema = schema_of(UserTurnReply, "user")
    asked = Request(
        Address("d/c000001/turn1/user"), Role.USER, (Message("user", "x"),), 4096, schema
    )
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(run_virtually(endpoint.send(asked, sending=1)).text)


def over_http(
    address: str, asked: list[dict[str, str]], schema: object = None
) -> dict[str, dict[str, str]]:
    """The message that a server sends back for a body and its address."""
    body: dict[str, object] = {"messages": asked, "model": "m"}
    if schema is not None:
        form = {"name": "r", "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    call = read_chat(body, {ADDRESS_HEADER: address})
    endpoint = StubEndpoint(StubConfig(reasoning=True), seed=7, language="ja")
    reply: Reply = run_virtually(endpoint.send(call.request, sending=1))
    message: dict[str, dict[str, str]] = orjson.loads(completion(call, reply))["choices"][0]
    return message


def test_over_http_the_header_says_which_call_it_is_and_thinking_is_kept_apart() -> None:
    asked = [{"role": "user", "content": "囲碁の練習の予定を組んでください。"}]
    message = over_http("d/c000001/turn1/assistant", asked)["message"]

    assert "囲碁" in message["content"]
    assert "囲碁" in message["reasoning_content"]
    assert message["content"] != message["reasoning_content"]


def test_over_http_a_verdict_comes_as_its_schema_has_it() -> None:
    schema = orjson.loads(schema_of(PairReply, "ab").json_schema)
    told = (
        "<first>\nはい。\n</first>\n<second>\n" + "詳しく言うと、順に進めます。" * 9 + "\n</second>"
    )
    message = over_http("d/c1/verdict/ab", [{"role": "user", "content": told}], schema)["message"]
    verdict = PairReply.model_validate_json(message["content"])

    assert verdict.first < verdict.second


@in_both
@given(text=st.text(max_size=300), part=st.sampled_from(["instruction", "answer", "rejected"]))
def test_any_text_is_answered_in_words(language: Language, text: str, part: str) -> None:
    told = f"<persona>\n{text}\n</persona>\n<requirement>\n{text}\n</requirement>{text}"
    assert Calls(language).say(1, part, Message("user", told)).strip()


@in_both
@given(text=st.text(max_size=300))
def test_a_user_takes_up_any_conversation(language: Language, text: str) -> None:
    label = "ユーザー：" if language == "ja" else "User:"
    told = f"<want>\n{text}\n</want>\n<conversation>\n{label}{text}\n</conversation>"
    said = Calls(language).decide(1, "turn2/user", UserTurnReply, Message("user", told))
    assert (said.mood is Mood.GOES_ON) == bool(said.message)


@in_both
def test_a_page_without_a_full_stop_is_read_in_no_time(language: Language) -> None:
    for text in ("漢" * 20_000, "ア" * 20_000 + "ぬ", "word " * 8_000, "あ漢" * 8_000):
        assert len(Calls(language).say(1, "answer", Message("user", text))) < 2_000
