"""Events, ticks and scenarios: kept once, read in order, and enough to go on from."""

from collections.abc import Iterator

import pytest

from matrix_sim.messages import null_report
from matrix_sim.society.contracts import Progress
from matrix_sim.store.failures import StoreConflict
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import (
    CommitScenario,
    CommitTick,
    PutEvent,
    ReadEvents,
    ReadProgress,
    ReadReports,
    ReadUsage,
)
from tests.support.store_samples import a_report, a_scenario, an_open_call


@pytest.fixture
def store() -> Iterator[RunStore]:
    with RunStore.in_memory() as store:
        yield store


def commit(store: RunStore, *reports: object) -> None:
    store.apply([CommitTick(report) for report in reports])  # type: ignore[arg-type]


def test_a_tick_committed_twice_is_there_once(store: RunStore) -> None:
    commit(store, a_report(), a_report())
    commit(store, a_report())
    assert store.reports(0) == (a_report(),)


def test_a_tick_that_comes_out_differently_is_named(store: RunStore) -> None:
    commit(store, a_report(3, 7))
    with pytest.raises(StoreConflict, match="tick 7 of group g0003"):
        commit(store, a_report(3, 7, text="別のことをする"))
    assert store.reports(3) == (a_report(3, 7),)


def test_a_conflict_undoes_what_was_asked_with_it(store: RunStore) -> None:
    commit(store, a_report(0, 0))
    with pytest.raises(StoreConflict):
        commit(store, a_report(1, 0), a_report(0, 0, text="別のことをする"))
    assert store.reports(1) == ()


def test_the_ticks_of_a_group_are_read_in_order(store: RunStore) -> None:
    commit(store, a_report(1, 0), a_report(0, 0), a_report(0, 1), a_report(1, 1))
    assert store.reports(1) == (a_report(1, 0), a_report(1, 1))


def test_a_scenario_committed_twice_is_there_once(store: RunStore) -> None:
    store.apply([CommitScenario(a_scenario()), CommitScenario(a_scenario())])
    assert tuple(store.scenarios()) == (a_scenario(),)


def test_a_scenario_that_comes_out_differently_is_named(store: RunStore) -> None:
    store.apply([CommitScenario(a_scenario(4, 2))])
    with pytest.raises(StoreConflict, match="scenario 4 of group g0002"):
        store.apply([CommitScenario(a_scenario(4, 2, summary="違う話"))])


def test_scenarios_come_by_window_and_group_and_not_by_arrival(store: RunStore) -> None:
    for window, group in ((1, 0), (0, 10), (0, 2)):
        store.apply([CommitScenario(a_scenario(window, group))])
    assert [(s.window, s.group) for s in store.scenarios()] == [(0, 2), (0, 10), (1, 0)]


def test_the_first_event_of_a_key_wins(store: RunStore) -> None:
    answers = store.apply([PutEvent("group", "g0000", b"1"), PutEvent("group", "g0000", b"2")])
    assert answers == [b"1", b"1"]
    assert store.events("group") == {"g0000": b"1"}


def test_events_come_by_kind_in_the_order_of_their_keys(store: RunStore) -> None:
    store.apply([PutEvent(kind, key, b"") for kind, key in (("a", "2"), ("b", "0"), ("a", "1"))])
    assert list(store.events("a")) == ["1", "2"]
    assert store.events("c") == {}


def test_reads_go_through_the_same_channel_and_see_what_is_before_them(store: RunStore) -> None:
    answers = store.apply(
        [
            CommitTick(a_report()),
            PutEvent("kind", "key", b"body"),
            an_open_call(),
            ReadReports(0),
            ReadEvents("kind"),
            ReadProgress(1, 3),
            ReadUsage(),
        ]
    )
    assert answers[3:] == [
        (a_report(),),
        {"key": b"body"},
        store.progress(1, 3),
        store.usage(),
    ]


def test_a_run_that_has_not_begun_has_no_progress(store: RunStore) -> None:
    assert store.progress(groups=2, window=3) == Progress(
        committed=(-1, -1),
        rounds=(-1, -1),
        quiescent=(False, False),
        recent=(),
        scenarios=frozenset(),
        actions_per_window=(),
    )


def test_progress_says_how_far_each_group_is(store: RunStore) -> None:
    commit(store, *(a_report(0, tick) for tick in range(5)))
    commit(store, a_report(1, 0), null_report(1, 1, 2))
    store.apply([CommitScenario(a_scenario(0, 0))])
    progress = store.progress(3, 3)
    assert progress.committed == (4, 1, -1)
    assert progress.rounds == (0, 2, -1)
    assert progress.quiescent == (False, True, False)
    assert progress.scenarios == {(0, 0)}
    assert progress.actions_per_window == ((0, 0, 3), (0, 1, 1), (1, 0, 2))


def test_progress_holds_the_last_window_of_each_group(store: RunStore) -> None:
    commit(store, *(a_report(0, tick) for tick in range(5)), a_report(1, 0))
    recent = store.progress(2, 3).recent
    assert recent == (a_report(0, 2), a_report(0, 3), a_report(0, 4), a_report(1, 0))


def test_progress_holds_what_is_under_way_to_a_group_far_behind(store: RunStore) -> None:
    # Group 1 sends nothing to group 0, so nothing keeps group 0 from running ahead of it.
    commit(store, *(a_report(0, tick, sends_to=(1, 2)) for tick in range(8)))
    commit(store, *(a_report(1, tick) for tick in range(5)))
    commit(store, *(a_report(2, tick) for tick in range(8)))
    recent = store.progress(3, 3).recent
    older = [report for report in recent if (report.group, report.tick) < (0, 5)]
    assert [report.tick for report in older] == [2, 3, 4]
    # To group 1 tick 2 + 3 is still to come; that it is over for group 2 is its reader's affair.
    assert older[0] == a_report(0, 2, sends_to=(1, 2))


def test_a_text_that_cannot_be_stored_leaves_nothing(store: RunStore) -> None:
    with pytest.raises(TypeError):
        commit(store, a_report(0, 0), a_report(0, 1, text="\udc00"))
    assert store.reports(0) == ()
    commit(store, a_report(0, 0))
    assert store.reports(0) == (a_report(0, 0),)
