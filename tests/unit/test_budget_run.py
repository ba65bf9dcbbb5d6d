"""Whatever fails or is killed, an endpoint never serves more than the budget allows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import RunConfig
from matrix_sim.errors import RunFailure
from matrix_sim.failpoints import InjectedFault
from matrix_sim.llm.contracts import Endpoint, EnvironmentalFailure, Hindrance, Reply, Request
from matrix_sim.llm.tariff import Tariff, bound_of
from matrix_sim.store.adapters import StoreChannel
from matrix_sim.store.budget import Charged
from matrix_sim.store.group_commit import GroupCommit, InlineCommit
from matrix_sim.store.run_store import RunStore
from tests.support.deaths import Kills, opened_again
from tests.support.examples import examples
from tests.support.small_world import everything, finished, play_world, small_config
from tests.support.virtual_time import run_virtually

PRICE = {"input": 2.0, "output": 10.0, "cached_input": 1.0}
CHANNELS: tuple[Callable[[RunStore], StoreChannel], ...] = (InlineCommit, GroupCommit)
PLACES = (
    "store.before_commit",
    "store.after_commit",
    "journal.after_open",
    "journal.before_record",
    "llm.before_send",
    "llm.reply_received",
    "tick.after_commit",
)


class Till:
    """An endpoint that charges for all it does, whether or not anybody hears of it."""

    def __init__(self, seed: int, kills: Kills, *, fails: float = 0.0) -> None:
        self.identity = b""
        self.served = Charged()
        self._seed, self._kills, self._fails = seed, kills, fails
        self._tariff = Tariff.of(priced().models.default.price)
        self._sent = 0
        self._inner: Endpoint

    def around(self, inner: Endpoint) -> Endpoint:
        self._inner, self.identity = inner, inner.identity
        return self

    async def send(self, request: Request, *, sending: int) -> Reply:
        if self._kills.dead:
            raise InjectedFault("nobody is left to send anything")
        self._sent += 1
        lot = random.Random(f"{self._seed}/{self._sent}")
        draw = lot.random()
        if draw < self._fails / 2:
            raise EnvironmentalFailure(Hindrance.RATE_LIMITED, "429")
        reply = await self._inner.send(request, sending=sending)
        self.served = Charged(
            self.served.calls + 1,
            self.served.tokens + reply.usage.prompt_tokens + reply.usage.completion_tokens,
            self.served.cost + self._tariff.cost(reply.usage),
        )
        await asyncio.sleep(lot.lognormvariate(0, 1))
        if self._kills.dead:
            raise InjectedFault("nobody is left to receive it")
        if draw < self._fails:
            raise EnvironmentalFailure(Hindrance.TIMEOUT, "too late", maybe_paid=True)
        return reply


def priced(**budget: float) -> RunConfig:
    return small_config(price=PRICE, budget=budget, attempts=200)


@cache
def undisturbed() -> tuple[RunStore, Charged, tuple[object, ...]]:
    config, till = priced(), Till(0, Kills())
    store, _ = finished(config, wrap=till.around)
    return store, till.served, everything(store, config)


@st.composite
def budgets(draw: st.DrawFn) -> dict[str, float]:
    """Up to twice what the run takes, in one coin or several."""
    served = undisturbed()[1]
    whole = {
        "max_calls": float(served.calls),
        "max_tokens": float(served.tokens),
        "max_cost": served.cost / 1e9,
    }
    names = draw(st.lists(st.sampled_from([*whole]), min_size=1, unique=True))
    shares = {name: draw(st.floats(0.02, 2)) for name in names}
    return {
        name: share * whole[name] if name == "max_cost" else max(1, int(share * whole[name]))
        for name, share in shares.items()
    }


def assert_within(served: Charged, config: RunConfig) -> None:
    budget = config.budget
    assert budget.max_calls is None or served.calls <= budget.max_calls
    assert budget.max_tokens is None or served.tokens <= budget.max_tokens
    assert budget.max_cost is None or served.cost <= bound_of(budget.max_cost)


@examples(20)
@given(
    seed=st.integers(0, 10**6),
    budget=budgets(),
    fails=st.sampled_from([0.0, 0.1, 0.4]),
    deaths=st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 60)), max_size=3),
    channel=st.sampled_from(CHANNELS),
)
def test_whatever_is_killed_or_fails_no_more_is_served_than_the_budget_allows(
    seed: int,
    budget: dict[str, float],
    fails: float,
    deaths: list[tuple[str, int]],
    channel: Callable[[RunStore], StoreChannel],
) -> None:
    config, kills = priced(**budget), Kills()
    store, till = RunStore.in_memory(failpoints=kills), Till(seed, kills, fails=fails)
    for number, death in enumerate([*deaths, None]):
        if death is None:
            kills.disarm()
        else:
            kills.arm(*death)
        store = opened_again(store, config)
        try:
            run_virtually(
                play_world(config, store, wrap=till.around, failpoints=kills, channel=channel),
                seed + number,
            )
        except EnvironmentalFailure as failure:
            assert failure.hindrance is Hindrance.BUDGET, failure
            assert " 0 of it reserved" in failure.detail, "others might have made room"
        except (InjectedFault, RunFailure):
            assert kills.dead
        assert_within(till.served, config)
        charged = store.usage().charged
        assert_within(charged, config)
        assert charged == store.book.charged
        assert till.served.calls <= charged.calls
        assert till.served.tokens <= charged.tokens
        assert till.served.cost <= charged.cost
    unlimited = priced()
    run_virtually(play_world(unlimited, opened_again(store, unlimited)), seed)
    assert everything(store, unlimited) == undisturbed()[2]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_run_does_not_end_while_calls_under_way_may_leave_room(
    channel: Callable[[RunStore], StoreChannel],
) -> None:
    """All at once reserve far more than there is; one after the other they all fit."""
    store, served, whole = undisturbed()
    rows = store._connection.execute("SELECT max(reserved_tokens), sum(reserved_tokens) FROM calls")
    largest, together = rows.fetchone()
    config = priced(max_tokens=served.tokens + largest)
    assert together > 2 * (served.tokens + largest)
    tight, till = RunStore.in_memory(budget=config.budget), Till(3, Kills())
    run_virtually(play_world(config, tight, wrap=till.around, channel=channel))
    assert everything(tight, config) == whole


def test_a_budget_may_grow_between_starts_and_the_run_goes_on() -> None:
    _, served, whole = undisturbed()
    small, large = priced(max_calls=served.calls // 2), priced(max_calls=served.calls)
    store, till = RunStore.in_memory(budget=small.budget), Till(3, Kills())
    for _ in range(2):  # the same command again changes nothing
        with pytest.raises(EnvironmentalFailure, match=r"--set budget\.max_calls=") as failure:
            run_virtually(play_world(small, store, wrap=till.around))
        assert failure.value.hindrance is Hindrance.BUDGET
    assert till.served.calls == served.calls // 2
    run_virtually(play_world(large, opened_again(store, large), wrap=till.around))
    assert till.served == served
    assert everything(store, large) == whole
