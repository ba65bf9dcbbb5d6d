"""examples/article.yaml: three people without a society, two turns each."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from matrix_sim.config import RunConfig
from matrix_sim.config.file import load_config
from matrix_sim.llm.contracts import Role
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.contracts import Candidate
from tests.support.datasets import Listener, make, rows_of

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "article.yaml"


def config() -> RunConfig:
    return load_config(EXAMPLE, (), {}).config


@cache
def played() -> tuple[list[Candidate], Listener]:
    store, listener = RunStore.in_memory(), Listener()
    make(config(), store, wrap=listener.around)
    return rows_of(store, "dialogue"), listener


def test_each_of_the_three_has_a_dialogue_of_user_assistant_user_assistant() -> None:
    rows, _ = played()
    assert {row.draw.agent for row in rows} == {0, 1, 2} and len(rows) == 3
    for row in rows:
        assert row.completion is not None
        said = row.completion.turns
        assert [turn.role for turn in said] == ["user", "assistant"] * 2
        assert [bool(turn.reasoning) for turn in said] == [False, True] * 2


def test_nobody_acts_and_each_has_a_goal() -> None:
    _, listener = played()
    asked = Counter(request.role for request in listener.asked)
    assert asked == {Role.AGENT: 3, Role.INSTRUCTOR: 3, Role.USER: 6, Role.REASONER: 6}


def test_what_is_wished_for_comes_from_a_person_and_never_from_a_scenario() -> None:
    _, listener = played()
    people = ("佐藤 健太", "田中 みさき", "鈴木 一郎")
    wishes = [r.messages[-1].content for r in listener.asked if r.role is Role.INSTRUCTOR]
    assert sorted(name for wish in wishes for name in people if name in wish) == sorted(people)
    assert all("<goal>" in wish and "<plan>" in wish for wish in wishes)
    assert not any(tag in wish for wish in wishes for tag in ("<scenario>", "<did>", "<seen>"))
