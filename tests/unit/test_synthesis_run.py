"""Data sets of a run: exactly as many rows, always the same ones, each paid for once (S1, S8)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import RunConfig
from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import (
    Endpoint,
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Reply,
    Request,
    Role,
)
from matrix_sim.store.group_commit import GroupCommit, InlineCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.registration import is_complete, set_failed_candidates_aside
from tests.support.datasets import SIX, Listener, make, rows_of, with_datasets
from tests.support.deaths import ManyLives
from tests.support.examples import examples
from tests.support.small_world import everything, finished, play_world
from tests.support.virtual_time import run_virtually

PLACES = ("candidate.before_commit", "candidate.after_commit", "journal.after_record")
SLOW = "lognormal:0.2:1.0"


def grown(config: RunConfig, *datasets: dict[str, object]) -> RunConfig:
    again = with_datasets(*datasets)
    return config.model_copy(update={"datasets": again.datasets})


def test_every_data_set_has_exactly_the_rows_that_are_wanted() -> None:
    config = with_datasets()
    store, _ = finished(config)
    assert {d.label: len(rows_of(store, d.label)) for d in config.datasets} == {
        str(one["kind"]): one["count"] for one in SIX
    }
    assert all(is_complete(store, dataset) for dataset in config.datasets)


@examples(6)
@given(
    place=st.sampled_from(PLACES),
    share=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 99),
)
def test_a_kill_in_the_middle_of_making_changes_no_row(place: str, share: float, seed: int) -> None:
    config = with_datasets(stub={"latency": SLOW})
    whole = ManyLives(config).live_through(())
    lives = ManyLives(config)
    lives.live_through([(place, 1 + int(share * whole.kills.reached[place]))], seed)
    assert lives.deaths == 1
    assert everything(lives.store, config) == everything(whole.store, config)
    assert lives.endpoint.replies.keys() == whole.endpoint.replies.keys()


def test_a_call_that_cannot_be_made_now_lets_none_after_it_pass_uncompared() -> None:
    quality = with_datasets().quality.model_dump(mode="json") | {"duplicate": {"enabled": True}}
    config = with_datasets({"kind": "sft", "count": 8}, quality=quality, attempts=1)
    first, second = "sft/c000002/instruction", "sft/c000005/instruction"

    def twins(request: Request, reply: Reply) -> Reply:
        same = "卵だけで作れる朝食を教えてください。"
        return replace(reply, text=same) if request.address in (first, second) else reply

    def away(request: Request, reply: Reply) -> Reply:
        if request.address == first:
            raise EnvironmentalFailure(Hindrance.SERVER, "down")
        return twins(request, reply)

    whole, store = RunStore.in_memory(), RunStore.in_memory()
    make(config, whole, wrap=Listener(twins).around)
    with pytest.raises(EnvironmentalFailure, match=f"{first}: server: down"):
        make(config, store, wrap=Listener(away).around)
    assert [one.draw.number for one in store.candidates("sft")] == [0]
    make(config, store, wrap=Listener(twins).around)
    assert [one.draw.number for one in store.candidates("sft") if not one.accepted] == [5]
    assert everything(store, config) == everything(whole, config)


def test_after_a_call_that_ends_the_run_no_candidate_asks_anything_more() -> None:
    config = with_datasets(
        {"kind": "dialogue", "count": 12, "turns": [2, 3]}, stub={"latency": SLOW}, attempts=1
    )
    asked: list[str] = []
    fatal: list[int] = []

    class Failing:
        def __init__(self, inner: Endpoint) -> None:
            self.identity, self._inner = inner.identity, inner

        async def send(self, request: Request, *, sending: int) -> Reply:
            asked.append(request.address)
            reply = await self._inner.send(request, sending=sending)
            if request.address == "dialogue/c000009/turn1/assistant":
                fatal.append(len(asked))
                raise EnvironmentalFailure(Hindrance.SERVER, "down")
            return reply

    store = RunStore.in_memory()
    with pytest.raises(EnvironmentalFailure, match="c000009/turn1/assistant: server: down"):
        make(config, store, wrap=Failing)
    assert asked[fatal[0] :] == []
    assert len(list(store.candidates("dialogue"))) < 12
    again = Listener()
    make(config, store, wrap=again.around)
    assert {one.address for one in again.asked} & {*asked} == {"dialogue/c000009/turn1/assistant"}
    assert everything(store, config) == everything(finished(config)[0], config)


def test_who_is_faster_changes_no_row() -> None:
    quick, slow = (with_datasets(stub={"latency": how}) for how in ("fixed:0", SLOW))
    assert everything(finished(quick)[0], quick) == everything(finished(slow, 7)[0], slow)


def test_a_store_that_takes_its_time_changes_no_question() -> None:
    config = with_datasets()
    questions = []
    for channel in (InlineCommit, GroupCommit):
        listener = Listener()
        life = play_world(config, RunStore.in_memory(), wrap=listener.around, channel=channel)
        run_virtually(life)
        questions.append({(one.address, one.attempt): one.messages for one in listener.asked})
    assert questions[0] == questions[1]


def test_a_run_that_grows_pays_for_nothing_twice() -> None:
    small = with_datasets({"kind": "sft", "count": 4}, {"kind": "dialogue", "count": 3})
    store = RunStore.in_memory()
    make(small, store)
    before = tuple(store.candidates("sft")), tuple(store.candidates("dialogue"))
    larger = grown(
        small,
        {"kind": "sft", "count": 9},
        {"kind": "dialogue", "count": 3},
        {"kind": "sft", "name": "another", "count": 2},
    )
    listener = Listener()
    make(larger, store, wrap=listener.around)
    asked = Counter(str(request.address).partition("/c")[0] for request in listener.asked)
    assert set(asked) == {"sft", "another"}
    assert asked["sft"] == 2 * 5
    assert tuple(store.candidates("sft"))[:4] == before[0]
    assert tuple(store.candidates("dialogue")) == before[1]
    assert len(rows_of(store, "sft")) == 9


def scenarios_of(store: RunStore, label: str) -> set[tuple[int, int]]:
    return {(one.draw.window, one.draw.group) for one in store.candidates(label)}


@pytest.mark.parametrize("requirement", ["general", "料理"])
@pytest.mark.parametrize("later", [9, 2])
def test_a_data_set_grows_from_the_scenarios_of_its_beginning_whatever_the_society_does(
    later: int, requirement: str
) -> None:
    def config(scenarios: int, *counts: int) -> RunConfig:
        floor = {"requirement": requirement, "similarity_floor": 0.0}
        sets = [{"kind": "sft", "name": f"s{n}", "count": c} | floor for n, c in enumerate(counts)]
        return with_datasets(*sets, ticks=None, scenarios=scenarios)

    store, untouched = RunStore.in_memory(), RunStore.in_memory()
    asked = []
    for held, second in ((store, config(later, 20, 20)), (untouched, config(5, 20))):
        make(config(5, 3), held)
        listener = Listener()
        make(second, held, wrap=listener.around)
        asked.append({r.address: r.messages for r in listener.asked if r.address.startswith("s0")})
    assert tuple(store.candidates("s0")) == tuple(untouched.candidates("s0"))
    assert asked[0] == asked[1]
    assert len(scenarios_of(store, "s0")) == 5
    assert len(scenarios_of(store, "s1")) == later, "one that is begun later has all there are"


def test_a_count_that_shrinks_asks_nothing_and_drops_nothing() -> None:
    config = with_datasets({"kind": "sft", "count": 6})
    store, _ = finished(config)
    listener = Listener()
    make(grown(config, {"kind": "sft", "count": 2}), store, wrap=listener.around)
    assert (listener.asked, len(rows_of(store, "sft"))) == ([], 6)


def test_no_more_candidates_are_begun_than_it_takes() -> None:
    # Every third candidate is refused by its judge.
    def harsh(request: Request, reply: Reply) -> Reply:
        if request.address.endswith("/judge"):
            number = int(request.address.split("/")[1][1:])
            score = 2 if number % 3 == 0 else 9
            return replace(reply, text=f'{{"defect": "長い", "score": {score}}}')
        return reply

    quality = with_datasets().quality.model_dump(mode="json") | {"judge": {"enabled": True}}
    config = with_datasets({"kind": "sft", "count": 6}, quality=quality)
    for latency in ("fixed:0", SLOW):
        store = RunStore.in_memory()
        at = config.model_copy(update={"models": with_datasets(stub={"latency": latency}).models})
        make(at, store, wrap=Listener(harsh).around)
        made = list(store.candidates("sft"))
        assert [one.draw.number for one in made] == list(range(9))
        assert [one.draw.number for one in made if one.accepted] == [1, 2, 4, 5, 7, 8]
        assert {one.refused_by for one in made if not one.accepted} == {"judge"}


def test_a_cap_ends_a_data_set_that_gets_nowhere() -> None:
    def severe(request: Request, reply: Reply) -> Reply:
        if request.address.endswith("/judge"):
            return replace(reply, text='{"defect": "長い", "score": 1}')
        return reply

    quality = with_datasets().quality.model_dump(mode="json") | {"judge": {"enabled": True}}
    config = with_datasets({"kind": "sft", "count": 3, "max_candidates": 11}, quality=quality)
    store = RunStore.in_memory()
    make(config, store, wrap=Listener(severe).around)
    assert len(list(store.candidates("sft"))) == 11
    assert is_complete(store, config.datasets[0])


def test_what_fits_no_scenario_says_so_and_keeps_no_other_data_set_from_being_made() -> None:
    config = with_datasets(
        {"kind": "sft", "count": 2, "requirement": "zzz qqq", "similarity_floor": 0.9},
        {"kind": "reason", "count": 2},
    )
    store = RunStore.in_memory()
    with pytest.raises(
        RunFailure, match=r"none of .* scenarios is similar enough to 'zzz qqq'"
    ) as no:
        make(config, store)
    _, *nearest, advice = str(no.value).splitlines()
    assert [line.split()[0] for line in nearest] == ["0.039"] * 3
    assert "lower 'similarity_floor'" in advice and "'models.embedding'" in advice
    assert len(rows_of(store, "reason")) == 2


def test_the_assistant_sees_the_conversation_and_nothing_of_the_person() -> None:
    config = with_datasets()
    store, listener = RunStore.in_memory(), Listener()
    make(config, store, wrap=listener.around)
    answering = (Role.RESPONDER, Role.REASONER, Role.REJECTED)
    asked = [request for request in listener.asked if request.role in answering]
    assert {request.role for request in asked} == set(answering)
    for request in asked:
        system, *conversation = request.messages
        assert system.role == "system" and "<persona>" not in system.content
        expected = ["user", "assistant"] * len(conversation)
        assert [m.role for m in conversation] == expected[: len(conversation)]
        assert conversation[-1].role == "user"
        assert not any("<" in m.content for m in conversation)


def test_sides_take_turns_and_the_assistant_has_the_last_word() -> None:
    config = with_datasets({"kind": "dialogue", "count": 12, "reasoning": True, "turns": [2, 4]})
    store, _ = finished(config)
    for row in rows_of(store, "dialogue"):
        assert row.completion is not None and row.opening is not None
        turns = row.completion.turns
        assert [t.role for t in turns] == ["user", "assistant"] * (len(turns) // 2)
        assert 2 <= len(turns) // 2 <= row.draw.turns <= 4
        assert all(bool(t.reasoning) == (t.role == "assistant") for t in turns)
        assert turns[0].content == row.opening.text


def test_judges_see_both_orders_and_a_pair_without_a_margin_is_dropped_or_marked() -> None:
    def torn(request: Request, reply: Reply) -> Reply:
        if "/verdict/" not in request.address:
            return reply
        # Whoever stands first gets more: only the mean over both orders is fair.
        return replace(reply, text='{"reason": "x", "first": 8, "second": 6}')

    for policy, accepted in (("drop", 0), ("flag", 3)):
        config = with_datasets(
            {"kind": "dpo", "count": 3, "without_margin": policy, "max_candidates": 5}
        )
        store, listener = RunStore.in_memory(), Listener(torn)
        make(config, store, wrap=listener.around)
        rows = rows_of(store, "dpo")
        assert len(rows) == accepted
        for row in store.candidates("dpo"):
            assert row.completion is not None
            assert row.completion.labels["chosen_rating"] == 7
            assert row.completion.labels["margin_found"] is False
        pairs = Counter(
            r.address.rpartition("/")[2] for r in listener.asked if "verdict" in r.address
        )
        assert pairs["ab"] == pairs["ba"] > 0


def test_what_failed_for_good_is_asked_again_and_nothing_else() -> None:
    def failing(request: Request, reply: Reply) -> Reply:
        if request.address == "sft/c000002/answer":
            return replace(reply, text="", finish=Finish.REFUSED)
        return reply

    config = with_datasets({"kind": "sft", "count": 5})
    store = RunStore.in_memory()
    make(config, store, wrap=Listener(failing).around)
    lost = [one for one in store.candidates("sft") if not one.accepted]
    assert [(one.draw.number, one.refused_by) for one in lost] == [(2, "failed: refused")]
    assert set_failed_candidates_aside(store, config.datasets) == 1
    listener = Listener()
    make(config, store, wrap=listener.around)
    assert [request.address for request in listener.asked] == ["sft/c000002/answer"]
    assert [one.draw.number for one in rows_of(store, "sft")][:3] == [0, 1, 2]
    assert len(rows_of(store, "sft")) == 5


@pytest.mark.parametrize("halves", [("chosen", "rejected"), ("verdict/ab", "verdict/ba")])
def test_both_halves_of_a_pair_that_failed_are_asked_again_at_once(halves: tuple[str, str]) -> None:
    lost = [f"dpo/c000001/{half}" for half in halves]

    def failing(request: Request, reply: Reply) -> Reply:
        if request.address in lost:
            return replace(reply, text="", finish=Finish.REFUSED)
        return reply

    config = with_datasets({"kind": "dpo", "count": 3})
    store = RunStore.in_memory()
    make(config, store, wrap=Listener(failing).around)
    assert set_failed_candidates_aside(store, config.datasets) == 1
    listener = Listener()
    make(config, store, wrap=listener.around)
    asked = [request.address for request in listener.asked]
    following = [f"dpo/c000001/verdict/{order}" for order in ("ab", "ba")]
    assert sorted(asked) == sorted({*lost, *following})
    assert [one.draw.number for one in rows_of(store, "dpo")] == [0, 1, 2]


def test_rows_grow_from_people_alone_where_nobody_does_anything() -> None:
    config = with_datasets(
        {"kind": "dialogue", "count": 9, "ground": "persona", "turns": [2, 2]}, ticks=0
    )
    store, listener = RunStore.in_memory(), Listener()
    make(config, store, wrap=listener.around)
    rows = rows_of(store, "dialogue")
    first = [one.draw.agent for one in store.candidates("dialogue")][:9]
    assert (sorted(first), len(rows)) == (list(range(9)), 9)
    kinds = Counter(str(request.address).partition("/")[0] for request in listener.asked)
    assert kinds["goal"] == 9 and "act" not in kinds
    assert all(row.completion and len(row.completion.turns) == 4 for row in rows)


@pytest.mark.parametrize("seed", range(5))
def test_those_that_wait_for_their_turn_never_wait_for_one_that_was_not_begun(seed: int) -> None:
    config = with_datasets({"kind": "sft", "count": 40})
    runtime = config.runtime.model_copy(update={"max_in_flight": 2})
    store, _ = finished(config.model_copy(update={"runtime": runtime}), seed)
    assert len(rows_of(store, "sft")) == 40
