"""Many writers share a transaction, each gets its own answer, and nobody is left waiting."""

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from matrix_sim.errors import RunFailure
from matrix_sim.failpoints import Failpoints, InjectedFault
from matrix_sim.store.adapters import StoreHistory, StoreJournal, StoreLedger
from matrix_sim.store.failures import StoreConflict, StoreUnavailable
from matrix_sim.store.group_commit import GroupCommit, InlineCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import CommitTick, Item, ReadReports
from tests.support.store_samples import (
    a_record,
    a_reply,
    a_report,
    a_scenario,
    an_open_call,
)

Answer = TypeVar("Answer")


class CountedStore(RunStore):
    """Notes the size of every transaction."""

    batches: list[int]

    def apply(self, items: Sequence[Item]) -> list[object]:
        self.batches.append(len(items))
        return super().apply(items)


def counted() -> CountedStore:
    store = CountedStore.in_memory()
    assert isinstance(store, CountedStore)
    store.batches = []
    return store


async def answered(*submissions: Awaitable[object]) -> list[object]:
    """All answers and failures; a waiter left hanging fails the test."""
    async with asyncio.timeout(10):
        return await asyncio.gather(*submissions, return_exceptions=True)


def test_what_is_submitted_together_is_one_transaction() -> None:
    async def scene() -> None:
        store = counted()
        commit = GroupCommit(store)
        await answered(*(commit.submit(an_open_call(number)) for number in range(100)))
        assert store.batches == [100]

    asyncio.run(scene())


def test_everything_is_done_once_and_answered_singly() -> None:
    async def scene() -> None:
        store = counted()
        commit = GroupCommit(store)

        async def call(number: int) -> None:
            assert await commit.submit(an_open_call(number)) is None
            reply = a_reply(f"返事 {number}")
            assert await commit.submit(a_record(number, reply)) == reply
            assert await commit.submit(an_open_call(number)) == reply

        await asyncio.gather(*(call(number) for number in range(700)))
        usage = store.usage()
        assert (usage.calls, usage.replies, usage.lost) == (700, 700, 0)
        assert sum(store.batches) == 2100
        assert len(store.batches) < 100

    asyncio.run(scene())


def test_answers_are_durable_when_they_come(tmp_path: Path) -> None:
    async def scene() -> None:
        commit = GroupCommit(RunStore.open(tmp_path, owner="test", create=True))
        await commit.submit(CommitTick(a_report()))
        with RunStore.read_only(tmp_path) as reader:
            assert reader.reports(0) == (a_report(),)
        await commit.close()

    asyncio.run(scene())


def test_a_conflict_and_a_poisonous_write_fail_alone() -> None:
    async def scene() -> None:
        store = counted()
        commit = GroupCommit(store)
        await commit.submit(CommitTick(a_report()))
        answers = await answered(
            commit.submit(CommitTick(a_report(0, 1))),
            commit.submit(CommitTick(a_report(0, 0, text="別のことをする"))),
            commit.submit(CommitTick(a_report(0, 2, text="\udc00"))),
            commit.submit(CommitTick(a_report(0, 3))),
        )
        assert [type(answer) for answer in answers] == [
            type(None),
            StoreConflict,
            TypeError,
            type(None),
        ]
        assert [report.tick for report in store.reports(0)] == [0, 1, 3]

    asyncio.run(scene())


def test_a_full_disk_fails_all_and_the_next_write_is_tried_again() -> None:
    async def scene() -> None:
        store = RunStore.in_memory()
        store._connection.execute("PRAGMA max_page_count = 1")
        commit = GroupCommit(store)
        text = "長い文章。" * 5000
        answers = await answered(
            *(commit.submit(CommitTick(a_report(0, tick, text=text))) for tick in range(50))
        )
        assert {type(answer) for answer in answers} == {StoreUnavailable}
        store._connection.execute("PRAGMA max_page_count = 10000")
        assert await commit.submit(CommitTick(a_report())) is None

    asyncio.run(scene())


def test_when_the_writer_dies_everybody_is_told() -> None:
    async def scene() -> None:
        commit = GroupCommit(
            RunStore.in_memory(failpoints=Failpoints.parse("store.before_commit:2:raise"))
        )
        await commit.submit(an_open_call())
        # More than a batch holds: some are in it, some still queued.
        answers = await answered(*(commit.submit(an_open_call(n)) for n in range(400)))
        assert {type(answer) for answer in answers} == {RunFailure}
        assert "writer has died" in str(answers[0])
        with pytest.raises(RunFailure, match="writer has died"):
            await commit.submit(an_open_call())

    asyncio.run(scene())


def test_who_gives_up_waiting_disturbs_nobody() -> None:
    async def scene() -> None:
        store = RunStore.in_memory()
        commit = GroupCommit(store)
        first = asyncio.create_task(commit.submit(CommitTick(a_report(0, 0))))
        second = asyncio.create_task(commit.submit(CommitTick(a_report(0, 1))))
        await asyncio.sleep(0)
        first.cancel()
        assert await second is None
        assert first.cancelled()
        assert len(store.reports(0)) == 2

    asyncio.run(scene())


def test_closing_does_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    async def scene() -> None:
        commit = GroupCommit(RunStore.open(tmp_path, owner="test", create=True))
        waiting = [asyncio.create_task(commit.submit(an_open_call(n))) for n in range(300)]
        await asyncio.sleep(0)
        await commit.close()
        await commit.close()
        assert await answered(*waiting) == [None] * 300
        with pytest.raises(RunFailure, match="closed"):
            await commit.submit(an_open_call())

    asyncio.run(scene())
    with RunStore.open(tmp_path, owner="test", create=False) as store:
        assert store.usage().calls == 300


def test_done_on_the_spot_a_fault_is_raised_where_it_happens() -> None:
    async def scene() -> None:
        store = RunStore.in_memory(failpoints=Failpoints.parse("tick.before_commit:1:raise"))
        commit = InlineCommit(store)
        with pytest.raises(InjectedFault):
            await commit.submit(CommitTick(a_report()))
        assert await commit.submit(ReadReports(0)) == ()
        await commit.submit(CommitTick(a_report()))
        assert await commit.submit(ReadReports(0)) == (a_report(),)

    asyncio.run(scene())


def test_after_a_commit_a_fault_finds_the_write_durable() -> None:
    async def scene() -> None:
        for place in ("tick.after_commit", "store.after_commit"):
            store = RunStore.in_memory(failpoints=Failpoints.parse(f"{place}:1:raise"))
            with pytest.raises(InjectedFault, match=place):
                await InlineCommit(store).submit(CommitTick(a_report()))
            assert store.reports(0) == (a_report(),)

    asyncio.run(scene())


def test_journal_ledger_and_history_are_the_store_behind_a_channel() -> None:
    async def scene() -> None:
        store = RunStore.in_memory()
        channel = InlineCommit(store)
        journal, ledger = StoreJournal(channel), StoreLedger(channel)
        assert await journal.open(an_open_call()) is None
        assert await journal.record(a_record()) == a_reply()
        assert await journal.open(an_open_call()) == a_reply()
        await ledger.commit_tick(a_report())
        await ledger.commit_scenario(a_scenario())
        assert await StoreHistory(channel).reports(0) == (a_report(),)
        assert tuple(store.scenarios()) == (a_scenario(),)

    asyncio.run(scene())
