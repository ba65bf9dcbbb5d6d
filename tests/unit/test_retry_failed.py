"""`--retry-failed`: summaries that failed for good are asked again, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix_sim.config.file import load_values
from matrix_sim.failpoints import Failpoints, InjectedFault
from matrix_sim.llm.contracts import Endpoint, Finish, Reply, Request
from matrix_sim.messages import Failure, Scenario, summary_address
from matrix_sim.run_directory import open_run, set_failed_summaries_aside
from matrix_sim.society.simulation_plan import plan_of
from matrix_sim.store.run_store import RunStore
from tests.support.scripted_model import parts, reply
from tests.support.small_world import World, everything, finished, play_world, small_config
from tests.support.virtual_time import run_virtually

CONFIG = small_config(ticks=9)
REFUSED = (0, 2)
"""The windows whose summaries are refused."""


class RefusesSummaries:
    """An endpoint that refuses the summaries of some windows, with a reply that costs."""

    def __init__(self, *windows: int) -> None:
        self.identity = b""
        self.asked: list[str] = []
        self._windows = windows
        self._inner: Endpoint

    def around(self, inner: Endpoint) -> Endpoint:
        self._inner, self.identity = inner, inner.identity
        return self

    async def send(self, request: Request, *, sending: int) -> Reply:
        self.asked.append(request.address)
        kind, _, window = parts(request)
        if kind == "summary" and window in self._windows:
            return reply("お答えできません。", Finish.REFUSED)
        return await self._inner.send(request, sending=sending)


def refused_in(store: RunStore) -> list[Scenario]:
    return [scenario for scenario in store.scenarios() if scenario.failure is Failure.REFUSED]


def with_failures(store: RunStore) -> RunStore:
    run_virtually(play_world(CONFIG, store, wrap=RefusesSummaries(*REFUSED).around))
    assert {scenario.window for scenario in refused_in(store)} == {*REFUSED}
    return store


def test_failed_summaries_are_asked_again_and_the_run_is_as_if_they_never_failed() -> None:
    store, good = with_failures(RunStore.in_memory()), RefusesSummaries()
    failed, before = refused_in(store), store.usage()
    assert set_failed_summaries_aside(store) == len(failed) > 2
    run_virtually(play_world(CONFIG, store, wrap=good.around))
    assert sorted(good.asked) == sorted(summary_address(s.group, s.window) for s in failed)
    assert everything(store, CONFIG) == everything(finished(CONFIG)[0], CONFIG)
    assert store.usage().replies == before.replies + len(failed), "what was paid stays counted"
    assert store.usage().charged_tokens > before.charged_tokens


def test_a_run_that_has_ended_has_something_to_play_again() -> None:
    store = with_failures(RunStore.in_memory())

    def ended() -> bool:
        async def looked() -> bool:
            plan = plan_of(World(CONFIG, store).society, CONFIG.runtime)
            return plan.end(store.progress(len(plan.neighbours), plan.settings.window)) is not None

        return run_virtually(looked())

    assert ended()
    set_failed_summaries_aside(store)
    assert not ended()


def test_asked_twice_it_changes_nothing_more() -> None:
    store = with_failures(RunStore.in_memory())
    set_failed_summaries_aside(store)
    rows = store._connection.execute("SELECT address FROM calls ORDER BY 1").fetchall()
    assert set_failed_summaries_aside(store) == 0
    assert store._connection.execute("SELECT address FROM calls ORDER BY 1").fetchall() == rows


def test_what_fails_again_can_be_asked_a_third_time() -> None:
    store = with_failures(RunStore.in_memory())
    first = set_failed_summaries_aside(store)
    run_virtually(play_world(CONFIG, store, wrap=RefusesSummaries(0).around))
    second = set_failed_summaries_aside(store)
    assert 0 < second < first
    run_virtually(play_world(CONFIG, store))
    assert refused_in(store) == []


@pytest.mark.parametrize("place", ["store.before_commit", "store.after_commit"])
def test_a_kill_leaves_all_of_it_or_nothing(place: str) -> None:
    store = with_failures(RunStore.in_memory())
    killed = RunStore(
        store._connection, store.path, failpoints=Failpoints.parse(f"{place}:1:raise")
    )
    with pytest.raises(InjectedFault):
        set_failed_summaries_aside(killed)
    assert (len(refused_in(store)) == 0) is (place == "store.after_commit")
    set_failed_summaries_aside(store)
    run_virtually(play_world(CONFIG, store))
    assert everything(store, CONFIG) == everything(finished(CONFIG)[0], CONFIG)


def test_opening_a_run_says_how_many_are_asked_again(tmp_path: Path) -> None:
    values = CONFIG.model_dump(mode="json", exclude_none=True)
    loaded = load_values(values, (), {})
    open_run(loaded, tmp_path, owner="test")
    with RunStore.open(tmp_path, owner="test", create=False) as store:
        failed = len(refused_in(with_failures(store)))
    assert open_run(loaded, tmp_path, owner="test").asked_again == 0
    assert open_run(loaded, tmp_path, owner="test", retry_failed=True).asked_again == failed
