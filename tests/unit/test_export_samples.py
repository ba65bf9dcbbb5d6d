"""From accepted candidates to rows: which, in which order, whose, and where they come from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.export.finished import FinishedDataset
from matrix_sim.export.metadata import metadata_of
from matrix_sim.export.samples import Origins, Sample, samples_of
from matrix_sim.export.split import PersonaSplit
from matrix_sim.quality.contracts import Verdict
from matrix_sim.synthesis.contracts import Candidate
from matrix_sim.synthesis.funnel import funnel_of
from tests.support.examples import examples
from tests.support.finished_runs import PEOPLE, THINKING, WORSE, a_dataset, a_row, people, refused

ORIGINS = Origins("5" * 64, "d" * 64, {"instruction": "1" * 64}, "nvidia/Nemotron-Personas-Japan")


def rows_of(dataset: FinishedDataset, share: float = 0.0) -> tuple[Sample, ...]:
    split = PersonaSplit(7, share)
    return samples_of(dataset.config, dataset.candidates, people(), ORIGINS, split)


def test_the_first_accepted_are_the_rows_and_keep_the_numbers_of_their_candidates() -> None:
    config = a_dataset(count=2, name="home").config
    late = replace(a_row(config, 2), accepted=False)
    made = [refused(config, 0, "length"), late, *(a_row(config, n) for n in (1, 4, 5))]
    made.sort(key=lambda one: one.draw.number)
    rows = rows_of(a_dataset(count=2, name="home", candidates=made))
    assert [row.id for row in rows] == ["home-000001", "home-000004"]


def test_thinking_is_kept_only_where_it_is_part_of_the_data_set() -> None:
    (row, *_) = rows_of(a_dataset("sft"))
    assert [turn.reasoning for turn in row.messages] == ["", ""]
    (row, *_) = rows_of(a_dataset("reason"))
    assert [turn.reasoning for turn in row.messages] == ["", THINKING]
    (row, *_) = rows_of(a_dataset("dpo"))
    assert row.chosen is not None
    assert row.chosen.reasoning == ""
    (row, *_) = rows_of(a_dataset("dpo", reasoning=True))
    assert row.pair is not None
    assert [answer.reasoning for answer in row.pair] == [THINKING, ""]


def test_only_a_preference_has_a_pair() -> None:
    assert rows_of(a_dataset("dialogue"))[0].pair is None
    pair = rows_of(a_dataset("dpo"))[0].pair
    assert pair is not None
    assert pair[1].content == WORSE


def test_a_person_is_in_one_split_only_whatever_is_asked_in_how_many_rows() -> None:
    config = a_dataset(count=60).config
    rows = rows_of(a_dataset(count=60, candidates=[a_row(config, n) for n in range(60)]), 0.3)
    sides = {(row.persona, row.split) for row in rows}
    assert len(sides) == PEOPLE
    assert {split for _, split in sides} == {"train", "test"}


def test_growing_a_data_set_moves_nobody_and_another_data_set_agrees() -> None:
    config = a_dataset(count=60).config
    all_rows = [a_row(config, n) for n in range(60)]
    small = rows_of(a_dataset(count=9, candidates=all_rows), 0.3)
    large = rows_of(a_dataset(count=60, candidates=all_rows), 0.3)
    assert large[:9] == small
    dialogues = rows_of(a_dataset("dialogue"), 0.3)
    by_person = {row.persona: row.split for row in large}
    assert {row.persona: row.split for row in dialogues} == by_person


def test_about_the_share_of_the_people_is_for_testing() -> None:
    split = PersonaSplit(7, 0.1)
    tested = sum(split.of(f"p{n}") == "test" for n in range(5000))
    assert 430 < tested < 570
    assert {PersonaSplit(7, 0).of(f"p{n}") for n in range(99)} == {"train"}
    assert {PersonaSplit(7, 1).of(f"p{n}") for n in range(99)} == {"test"}


def test_the_metadata_says_where_a_row_comes_from() -> None:
    dataset = a_dataset("code", requirement="家計の相談")
    metadata = metadata_of(rows_of(dataset))[3]
    assert metadata == {
        "kind": "code",
        "requirement": "家計の相談",
        "candidate": 3,
        "scenario": "g0001/w0002",
        "group": "g0001",
        "agent": "a00003",
        "persona": "p0003",
        "personas": "nvidia/Nemotron-Personas-Japan",
        "society": "5" * 64,
        "dataset": "d" * 64,
        "facets": {"complexity": "simple", "style": "polite", "task": "advice"},
        "models": {"instructor": "qwen3-30b", "responder": "gpt-oss"},
        "prompts": {"instruction": "1" * 64},
        "verdicts": {"language": "ok", "length": "ok"},
    }


def test_a_flaw_that_was_let_pass_is_told() -> None:
    config = a_dataset("dpo").config
    flaw = Verdict("margin", False, "0.5 < 1.0")
    row = a_row(config, verdicts=(flaw,))
    (metadata,) = metadata_of(rows_of(a_dataset("dpo", candidates=[row])))
    assert metadata["verdicts"] == {"language": "ok", "length": "ok", "margin": "0.5 < 1.0"}


def labelled(*labels: dict[str, Any]) -> list[Any]:
    config = a_dataset().config
    rows: list[Candidate] = [a_row(config, n, labels=one) for n, one in enumerate(labels)]
    return [one["labels"] for one in metadata_of(rows_of(a_dataset(candidates=rows)))]


def test_labels_have_one_type_each_in_all_rows() -> None:
    told = labelled({"score": 8, "mood": "satisfied"}, {"score": 8.5, "safe": True})
    assert told == [
        {"mood": "satisfied", "safe": "", "score": 8.0},
        {"mood": "", "safe": "true", "score": 8.5},
    ]
    assert type(told[0]["score"]) is float
    assert labelled({"n": 1, "ok": True}, {"n": 2, "ok": False})[1] == {"n": 2, "ok": False}


LABELS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.one_of(st.text(), st.integers(-9, 9), st.floats(-9, 9), st.booleans()),
)


@examples(100)
@given(st.lists(LABELS, min_size=1, max_size=6))
def test_whatever_the_labels_every_row_has_the_same_keys_and_types(
    labels: list[dict[str, Any]],
) -> None:
    rows = a_dataset(
        candidates=[a_row(a_dataset().config, n, labels=x) for n, x in enumerate(labels)]
    )
    shapes = {repr(shape(one)) for one in metadata_of(rows_of(rows))}
    assert len(shapes) == 1
    assert "NoneType" not in shapes.pop()


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        assert value
        return {key: shape(inner) for key, inner in value.items()}
    return type(value)


def test_the_funnel_counts_by_the_first_check_that_refused() -> None:
    config = a_dataset().config
    checks = ("is_request", "length", "is_request")
    turned_away = [refused(config, n, check) for n, check in enumerate(checks)]
    funnel = funnel_of([*turned_away, a_row(config, 9)], 12)
    assert (funnel.tried, funnel.accepted) == (4, 1)
    assert list(funnel.refused.items()) == [("is_request", 2), ("length", 1)]


@pytest.mark.parametrize("window", [-1, 0])
def test_only_a_row_from_a_scenario_names_one(window: int) -> None:
    (row, *_) = rows_of(a_dataset())
    draw = type(row.provenance.draw)(0, window=window, group=4, agent=0, facets={})
    provenance = type(row.provenance)(ORIGINS, "general", draw, {}, (), {})
    bare = Sample(row.id, "sft", row.messages, None, None, "p0", "train", provenance)
    said = metadata_of([bare])[0]
    expected = ("", "") if window < 0 else ("g0004/w0000", "g0004")
    assert (said["scenario"], said["group"]) == expected
