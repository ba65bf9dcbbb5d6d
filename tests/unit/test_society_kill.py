"""A run that was killed, wherever and how often, goes on as if nothing had happened (S2)."""

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.store.adapters import StoreChannel
from matrix_sim.store.group_commit import GroupCommit, InlineCommit
from matrix_sim.store.run_store import RunStore
from tests.support.deaths import ManyLives
from tests.support.examples import examples
from tests.support.small_world import everything, small_config

PLACES = (
    "store.before_commit",
    "store.after_commit",
    "journal.before_open",
    "journal.after_open",
    "journal.before_record",
    "journal.after_record",
    "tick.before_commit",
    "tick.after_commit",
    "llm.before_send",
    "llm.reply_received",
    "simulation.before_commit",
    "simulation.after_commit",
    "simulation.after_scenario",
)
QUICK, SLOW = "fixed:0", "lognormal:0.2:1.0"
MOMENTS = st.floats(0, 1, exclude_max=True)
"""How far into what is left of the run."""


@cache
def undisturbed(latency: str) -> ManyLives:
    return ManyLives(small_config(stub={"latency": latency})).live_through(())


def moment(latency: str, place: str, share: float) -> tuple[str, int]:
    return place, 1 + int(share * undisturbed(latency).kills.reached[place])


def check(lives: ManyLives, latency: str) -> None:
    whole = undisturbed(latency)
    assert everything(lives.store, lives.config) == everything(whole.store, whole.config)
    assert lives.endpoint.replies.keys() == whole.endpoint.replies.keys()
    assert_only_what_was_in_flight_is_paid_twice(lives)


def assert_only_what_was_in_flight_is_paid_twice(lives: ManyLives) -> None:
    for key, count in lives.endpoint.replies.items():
        assert count <= 1 + lives.interrupted[key], f"{key.address} was paid {count} times"
    usage = lives.store.usage()
    # A kill between reservation and sending costs nothing but is charged all the same.
    assert sum(lives.interrupted.values()) <= usage.lost <= lives.deaths * 64
    paid_again = sum(lives.endpoint.replies.values()) - len(lives.endpoint.replies)
    assert paid_again <= usage.lost


@pytest.mark.parametrize("place", PLACES)
@examples(3)
@given(share=MOMENTS, seed=st.integers(0, 99))
def test_a_kill_anywhere_changes_nothing(place: str, share: float, seed: int) -> None:
    lives = ManyLives(small_config(stub={"latency": QUICK}))
    lives.live_through([moment(QUICK, place, share)], seed)
    assert lives.deaths == 1
    check(lives, QUICK)


@pytest.mark.parametrize("channel", [InlineCommit, GroupCommit])
@examples(8)
@given(
    kills=st.lists(st.tuples(st.sampled_from(PLACES), MOMENTS), min_size=2, max_size=5),
    seed=st.integers(0, 99),
)
def test_several_kills_in_a_row_change_nothing(
    channel: Callable[[RunStore], StoreChannel], kills: list[tuple[str, float]], seed: int
) -> None:
    lives = ManyLives(small_config(stub={"latency": SLOW}), channel)
    # Later lives have less to do: a small share of the whole is still ahead of most of them.
    lives.live_through([moment(SLOW, place, share / 4) for place, share in kills], seed)
    assert lives.deaths >= 1
    check(lives, SLOW)


def test_every_place_is_reached_in_a_run() -> None:
    reached = undisturbed(QUICK).kills.reached
    assert {place for place in PLACES if reached[place]} == set(PLACES)


def test_a_run_that_nothing_interrupts_pays_every_call_once() -> None:
    lives = undisturbed(SLOW)
    assert set(lives.endpoint.replies.values()) == {1}
    assert lives.store.usage().lost == 0
    assert lives.store.usage().replies == len(lives.endpoint.replies)


def test_what_was_in_flight_at_a_kill_is_counted_and_charged() -> None:
    lives = ManyLives(small_config(stub={"latency": SLOW}))
    lives.live_through([("llm.reply_received", 4)])
    lost, charged = lives.store.usage().lost, lives.store.usage().charged_tokens
    assert lost == sum(lives.interrupted.values()) > 1
    whole = undisturbed(SLOW).store.usage()
    assert charged == whole.charged_tokens + sum(r.lost_tokens for r in lives.store.usage().roles)
    assert sum(r.lost_tokens for r in lives.store.usage().roles) > 0


def test_a_finished_run_is_replayed_without_a_single_call() -> None:
    lives = ManyLives(small_config())
    lives.live_through(())
    replies, before = dict(lives.endpoint.replies), everything(lives.store, lives.config)
    lives.live_through(())
    assert lives.endpoint.begun == {}
    assert lives.endpoint.replies == replies
    assert everything(lives.store, lives.config) == before


def test_committed_calls_are_enough_to_play_the_run_again() -> None:
    """Nothing but the journal is kept: ticks are played again, and no endpoint is asked."""
    lives = ManyLives(small_config())
    lives.live_through(())
    whole = everything(lives.store, lives.config)
    forget_what_happened(lives.store)
    lives.live_through(())
    assert lives.endpoint.begun == {}
    assert everything(lives.store, lives.config) == whole


def forget_what_happened(store: RunStore) -> None:
    for table in ("ticks", "scenarios"):
        store._connection.execute(f"DELETE FROM {table}")
