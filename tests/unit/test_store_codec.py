"""What is stored comes back as the very same values."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix_sim.llm.contracts import Finish, Reply, Usage
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    CondensedBlock,
    Delivery,
    Envelope,
    Failure,
    Goal,
    Observation,
    PlanEffect,
    Scenario,
    ScenarioAction,
    TickReport,
)
from matrix_sim.store.codec import (
    decode_reply,
    decode_report,
    decode_scenario,
    encode_reply,
    encode_report,
    encode_scenario,
)
from tests.support.store_samples import a_reply, a_report

NUMBERS = st.integers(0, 2**53)
# JSON and UTF-8 carry all but lone surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FAILURES = st.none() | st.sampled_from(Failure)
BUSY = [ActionKind.PLAN, ActionKind.REACTION]
ACTIONS = st.builds(
    Action,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.sampled_from(BUSY),
    TEXTS.filter(bool),
    NUMBERS,
) | st.builds(Action, NUMBERS, NUMBERS, NUMBERS, st.just(ActionKind.IDLE), st.just(""))


def tuples_of(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(strategy, max_size=2).map(tuple)


OBSERVATIONS = st.builds(Observation, ACTIONS, TEXTS)
ENVELOPES = st.builds(Envelope, NUMBERS, NUMBERS, ACTIONS, TEXTS)
STEPS = st.builds(
    AgentStep,
    ACTIONS,
    st.sampled_from(ActionKind),
    tuples_of(OBSERVATIONS),
    st.sampled_from(PlanEffect),
    st.none() | TEXTS,
    st.booleans(),
    st.none() | st.builds(Goal, NUMBERS, TEXTS, TEXTS, tuples_of(TEXTS), FAILURES),
    tuples_of(st.builds(CondensedBlock, NUMBERS, NUMBERS, TEXTS, FAILURES)),
    FAILURES,
)
REPORTS = st.builds(
    TickReport,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    tuples_of(STEPS),
    tuples_of(ENVELOPES),
    tuples_of(st.builds(Delivery, NUMBERS, tuples_of(OBSERVATIONS))),
    tuples_of(ENVELOPES),
    st.booleans(),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    FAILURES,
)
SCENARIOS = st.builds(
    Scenario,
    NUMBERS,
    NUMBERS,
    tuples_of(
        st.builds(ScenarioAction, NUMBERS, NUMBERS, TEXTS, st.sampled_from(ActionKind), TEXTS)
    ),
    TEXTS,
    FAILURES,
)
REPLIES = st.builds(
    Reply,
    TEXTS,
    TEXTS,
    st.sampled_from(Finish),
    TEXTS,
    st.builds(Usage, NUMBERS, NUMBERS, NUMBERS),
)


@settings(max_examples=60)
@given(REPORTS)
def test_a_tick_comes_back_as_it_went_in(report: TickReport) -> None:
    back = decode_report(encode_report(report))
    assert back == report
    # Equality does not tell an enum from its text.
    assert repr(back) == repr(report)


@given(SCENARIOS)
def test_a_scenario_comes_back_as_it_went_in(scenario: Scenario) -> None:
    assert repr(decode_scenario(encode_scenario(scenario))) == repr(scenario)


@given(REPLIES)
def test_a_reply_comes_back_as_it_went_in(reply: Reply) -> None:
    assert repr(decode_reply(encode_reply(reply))) == repr(reply)


def test_equal_ticks_have_equal_bytes() -> None:
    assert encode_report(a_report()) == encode_report(a_report())


def test_a_lone_surrogate_is_refused_rather_than_changed() -> None:
    with pytest.raises(TypeError):
        encode_reply(a_reply("\ud83d"))


def test_a_row_with_the_wrong_fields_is_refused() -> None:
    with pytest.raises(ValueError, match="tick"):
        decode_report(zlib.compress(b'{"group": 1}'))


def test_a_row_that_is_no_row_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be unpacked"):
        decode_report(b"not compressed")


def test_a_reply_of_four_hundred_characters_takes_little_space() -> None:
    text = "今日は駅前の図書館で家計簿の本を借り、帰りに八百屋で旬の野菜を買った。" * 12
    assert len(encode_reply(a_reply(text[:400]))) < 300
