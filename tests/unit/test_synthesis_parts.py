"""The parts of the making of data sets: what is chosen, drawn, told, and in which order."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.messages import ActionKind, Scenario, ScenarioAction
from matrix_sim.synthesis.contracts import Source
from matrix_sim.synthesis.draws import Draws
from matrix_sim.synthesis.retrieval import (
    decode_sources,
    encode_sources,
    people,
    relevant,
    scenario_text,
    spread,
)
from matrix_sim.synthesis.similarity import DirectionSimilarity, NgramSimilarity
from matrix_sim.synthesis.unwrapping import unwrapped
from tests.support.datasets import Listener, make, rows_of, with_datasets
from tests.support.examples import examples
from tests.support.small_world import FACETS, RunStore, finished


def scenario(window: int, group: int, text: str, agents: int = 2) -> Scenario:
    actions = tuple(
        ScenarioAction(3 * window, 10 * group + n, f"人{n}", ActionKind.PLAN, text)
        for n in range(agents)
    )
    return Scenario(window, group, actions, text)


SOCIETY = [scenario(w, g, f"{w}番の窓と{g}番の組") for w in range(4) for g in range(3)]


def dataset(**more: object) -> DatasetConfig:
    return DatasetConfig.model_validate({"kind": "sft", "count": 10} | more)


# Retrieval


@given(seed=st.integers(0, 10**6))
@examples(20)
def test_general_takes_a_scenario_of_every_group_before_the_second_of_any(seed: int) -> None:
    chosen = spread(SOCIETY, seed, "sft")
    assert {(one.window, one.group) for one in chosen} == {(s.window, s.group) for s in SOCIETY}
    for turn in range(4):
        assert {one.group for one in chosen[3 * turn : 3 * turn + 3]} == {0, 1, 2}


def test_data_sets_take_scenarios_in_orders_of_their_own() -> None:
    assert spread(SOCIETY, 1, "sft") == spread(SOCIETY, 1, "sft")
    assert spread(SOCIETY, 1, "sft") != spread(SOCIETY, 1, "dpo")


TALK = [
    "家計簿をつけて食費を見直した。",
    "家計簿をつけて食費を見直しました。",
    "庭の木を剪定した。",
    "家賃と食費の家計の相談をした。",
    "犬の散歩に行った。",
]


def chosen_for(requirement: str, **more: object) -> list[int]:
    scenarios = [scenario(n, 0, text) for n, text in enumerate(TALK)]
    texts = [scenario_text(one) for one in scenarios]
    wanted = dataset(requirement=requirement, **more)
    return [
        one.window for one in relevant(scenarios, NgramSimilarity(texts, requirement), wanted, 1)
    ]


def test_what_is_far_from_the_requirement_is_left_out() -> None:
    chosen = chosen_for("家計の相談", similarity_floor=0.1)
    assert chosen[0] == 3
    assert {2, 4}.isdisjoint(chosen)


def test_variety_puts_the_twin_of_what_was_chosen_behind_others() -> None:
    alike = chosen_for("家計簿で食費を見直す", relevance=1.0, similarity_floor=0.0)
    varied = chosen_for("家計簿で食費を見直す", relevance=0.3, similarity_floor=0.0)
    assert set(alike[:2]) == {0, 1}
    assert varied[0] in (0, 1) and varied[1] not in (0, 1)
    assert sorted(alike) == sorted(varied)


def test_directions_of_a_model_count_in_place_of_letters() -> None:
    scenarios = [scenario(n, 0, "同じ文") for n in range(3)]
    similarity = DirectionSimilarity([b"\x00\x7f", b"\x7f\x00", b"\x7f\x7f"], b"\x7f\x00")
    wanted = dataset(requirement="何か", similarity_floor=0.5, relevance=1.0)
    chosen = relevant(scenarios, similarity, wanted, 1)
    assert [(one.window, one.similarity) for one in chosen] == [(1, 1.0), (2, 0.707)]


def test_what_was_chosen_and_why_is_read_back() -> None:
    sources = (Source(1, 2, (3, 4), 0.5), Source(-1, -1, (7,)))
    assert decode_sources(encode_sources(sources)) == sources


def test_everybody_asks_where_nothing_but_people_is_used() -> None:
    chosen = people(30, 1, "x")
    assert sorted(one.agents for one in chosen) == [(n,) for n in range(30)]
    assert {one.window for one in chosen} == {-1}


# Draws


def draws(kind: str = "sft", **more: object) -> Draws:
    sources = spread(SOCIETY, 5, "d")
    return Draws(dataset(kind=kind, **more), sources, FACETS["ja"], 5)


def test_what_a_candidate_is_to_be_depends_on_its_number_alone() -> None:
    numbers = list(range(50))
    once = {n: draws().of(n) for n in numbers}
    random.Random(1).shuffle(numbers)
    other = draws(count=9000)
    assert all(other.of(n) == once[n] for n in numbers)


def test_once_round_another_person_of_each_scenario_asks() -> None:
    own = draws()
    first, second = ([own.of(n) for n in range(a, a + 12)] for a in (0, 12))
    for one, other in zip(first, second, strict=True):
        assert (one.window, one.group) == (other.window, other.group)
        assert one.agent != other.agent
        assert one.facets != other.facets or one.number != other.number


def test_simple_and_complex_requests_are_drawn_as_the_data_set_says() -> None:
    by_name = {option.name: option.level for option in FACETS["ja"].options["complexity"]}
    for level in ("simple", "complex"):
        drawn = {draws(complexity=level).of(n).facets["complexity"] for n in range(100)}
        assert {by_name[name] for name in drawn} <= {level, None}


def test_turns_of_a_dialogue_spread_over_what_is_allowed() -> None:
    turns = Counter(draws("dialogue", turns=[2, 5]).of(n).turns for n in range(200))
    assert set(turns) == {2, 3, 4, 5}
    assert min(turns.values()) >= 25


# What they are told


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("「夕飯の献立を考えて」", "夕飯の献立を考えて"),
        ('  "Help me plan dinner."  ', "Help me plan dinner."),
        ("「A」と「B」のどちらがいい？", "「A」と「B」のどちらがいい？"),
        ("「A」と「B」", "「A」と「B」"),
        ("「」", "「」"),
        ("献立を考えて", "献立を考えて"),
    ],
)
def test_quotation_marks_around_a_whole_message_are_taken_off(said: str, meant: str) -> None:
    assert unwrapped(said) == meant


def test_a_prompt_tells_what_this_person_did_and_saw_in_this_scenario_and_no_other() -> None:
    config = with_datasets({"kind": "sft", "count": 6})
    store, listener = RunStore.in_memory(), Listener()
    make(config, store, wrap=listener.around)
    prompts = {
        int(r.address.split("/")[1][1:]): r.messages[1].content
        for r in listener.asked
        if r.address.endswith("/instruction")
    }
    scenarios = {(s.window, s.group): s for s in store.scenarios()}
    for row in rows_of(store, "sft"):
        told, where = prompts[row.draw.number], (row.draw.window, row.draw.group)
        own = [a.text for a in scenarios[where].actions if a.agent == row.draw.agent]
        assert own and all(text in told for text in own)
        others = [
            a.text
            for s in scenarios.values()
            for a in s.actions
            if a.agent == row.draw.agent and a.text not in own
        ]
        assert not any(f"・{text}" in told for text in others)


def test_requests_are_compared_by_the_vectors_of_a_model_where_there_is_one() -> None:
    quality = {"near_duplicate": {"similarity": 1.0, "cosine": 0.2}}
    one = {"kind": "sft", "count": 5, "max_candidates": 20}
    config = with_datasets(one, quality=quality)
    by_vectors = config.model_copy(
        update={
            "models": config.models.model_copy(
                update={
                    "embedding": config.models.embedding.model_copy(
                        update={"local": False, "stub": config.models.default.stub}
                    )
                }
            )
        }
    )
    letters, vectors = finished(config)[0], finished(by_vectors)[0]
    refused = [c.refused_by for c in vectors.candidates("sft")]
    assert "near_duplicate" in refused
    assert "near_duplicate" not in [c.refused_by for c in letters.candidates("sft")]


def test_a_pair_with_equal_answers_is_refused_whatever_the_policy() -> None:
    def parrot(request, reply):  # type: ignore[no-untyped-def]
        answers = request.address.endswith(("/chosen", "/rejected"))
        return replace(reply, text="同じ答えです。") if answers else reply

    config = with_datasets(
        {"kind": "dpo", "count": 2, "without_margin": "flag", "max_candidates": 3}
    )
    store = RunStore.in_memory()
    make(config, store, wrap=Listener(parrot).around)
    assert {c.refused_by for c in store.candidates("dpo")} == {"margin"}
