"""The books of calls: what is charged, given back and refused, and that no fault undoes it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from matrix_sim.config import BudgetConfig
from matrix_sim.errors import RunFailure
from matrix_sim.failpoints import Failpoints, InjectedFault
from matrix_sim.llm.contracts import (
    AbandonCall,
    EnvironmentalFailure,
    Finish,
    Hindrance,
    OpenCall,
    Reply,
    Role,
    Usage,
)
from matrix_sim.llm.tariff import Tariff
from matrix_sim.messages import Failure
from matrix_sim.store.adapters import StoreJournal
from matrix_sim.store.budget import Charged, OverBudget
from matrix_sim.store.database import DATABASE_FILE
from matrix_sim.store.failures import StoreConflict
from matrix_sim.store.fork import fork_journal
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.schema import MIGRATIONS, migrate
from matrix_sim.store.writes import (
    CommitCandidate,
    CommitTick,
    ProcessDied,
    PutEvent,
    PutPrices,
    SetAside,
)
from matrix_sim.synthesis.contracts import Candidate, Draw
from tests.support.store_samples import a_key, a_record, a_reply, a_report, an_open_call

TOKENS = BudgetConfig(max_tokens=3000)


def store_of(budget: BudgetConfig = TOKENS, failpoints: str = "") -> RunStore:
    return RunStore.in_memory(budget=budget, failpoints=Failpoints.parse(failpoints))


def opened_anew(store: RunStore, budget: BudgetConfig = TOKENS) -> RunStore:
    """The same rows in another life of the store."""
    return RunStore(store._connection, store.path, budget=budget)


def abandoned(number: int = 0, *, paid: bool, after: Hindrance | None = None) -> AbandonCall:
    return AbandonCall(a_key(number), (), paid, after)


def charged(store: RunStore) -> Charged:
    """By the rows, which the totals in memory have to agree with."""
    by_rows = store.usage().charged
    assert store.book.charged == by_rows
    return by_rows


def test_what_does_not_fit_beside_what_is_reserved_is_refused_and_opens_nothing() -> None:
    store = store_of()
    assert store.apply([an_open_call(n) for n in range(3)]) == [None] * 3
    (refusal,) = store.apply([an_open_call(3)])
    assert isinstance(refusal, OverBudget)
    assert refusal.detail.startswith(
        "budget.max_tokens is 3000: 3000 charged so far, 3000 of it reserved for calls under way, "
        "and this call may take up to 1000;"
    )
    assert "--set budget.max_tokens=" in refusal.detail
    assert charged(store) == Charged(3, 3000, 0)


def test_a_reply_is_charged_at_what_it_took_and_makes_room() -> None:
    store = store_of()
    store.apply([*(an_open_call(n) for n in range(3)), a_record(0)])
    assert charged(store) == Charged(3, 2340, 0)
    assert store.apply([an_open_call(3, reserved_tokens=660)]) == [None]


def test_a_reply_that_the_journal_holds_is_given_whatever_the_budget() -> None:
    store = store_of()
    store.apply([an_open_call(0), a_record(0), an_open_call(1, reserved_tokens=2660)])
    assert store.apply([an_open_call(0)]) == [a_reply()]
    assert isinstance(store.apply([an_open_call(2, reserved_tokens=1)])[0], OverBudget)


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (BudgetConfig(max_calls=1), "budget.max_calls is 1: 1 charged so far"),
        (BudgetConfig(max_cost=0.003), "budget.max_cost is 0.003: 0.002 charged so far"),
    ],
)
def test_every_bound_is_named_with_its_figures(budget: BudgetConfig, said: str) -> None:
    store = store_of(budget)
    first, second = (replace(an_open_call(n), reserved_cost=2_000_000) for n in range(2))
    store.apply([first])
    (refusal,) = store.apply([second])
    assert isinstance(refusal, OverBudget)
    assert refusal.detail.startswith(said)


def test_what_was_certainly_not_paid_is_given_back_and_only_once() -> None:
    store = store_of()
    store.apply([an_open_call(0)])
    lost = opened_anew(store)  # a process was killed
    lost.apply([an_open_call(0), abandoned(paid=False)])
    assert charged(lost) == Charged(1, 1000, 0), "the first sending may have been paid"
    lost.apply([abandoned(paid=False)])  # sent again, for the answer was lost
    assert charged(lost) == Charged(1, 1000, 0)


def test_what_may_have_been_paid_stays_charged_with_its_cause() -> None:
    store = store_of(BudgetConfig(max_tokens=9000))
    again = replace(an_open_call(0), after=Hindrance.TIMEOUT)
    store.apply([an_open_call(0), again, again, abandoned(paid=True, after=Hindrance.CONNECTION)])
    store.apply([an_open_call(1)])
    (agent,) = store.usage().roles
    assert charged(store) == Charged(4, 4000, 0)
    assert agent.lost_by == ((Hindrance.CONNECTION, 1), (Hindrance.TIMEOUT, 2))
    assert (agent.lost, agent.broken_off) == (4, 1)


def test_a_call_that_is_refused_when_it_is_sent_again_keeps_what_it_lost() -> None:
    store = store_of(BudgetConfig(max_tokens=1500))
    again = replace(an_open_call(0), after=Hindrance.TIMEOUT)
    store.apply([an_open_call(0)])
    for _ in range(2):
        assert isinstance(store.apply([again])[0], OverBudget)
    store.apply([abandoned(paid=True, after=Hindrance.TIMEOUT)])
    (agent,) = store.usage().roles
    assert charged(store) == Charged(1, 1000, 0)
    assert (agent.lost_by, agent.broken_off) == (((Hindrance.TIMEOUT, 1),), 0)


def test_a_reply_that_does_not_say_what_it_took_is_charged_as_it_was_reserved() -> None:
    store = store_of()
    silent = replace(a_reply(), usage=Usage())
    store.apply([an_open_call(0), a_record(0, silent)])
    assert charged(store) == Charged(1, 1000, 0)
    overflow = Reply("", "", Finish.CONTEXT_OVERFLOW, "m")
    store.apply([an_open_call(1), a_record(1, overflow)])
    assert charged(store) == Charged(2, 1000, 0)
    assert store.usage().lost == 0


def test_a_reply_beyond_its_reservation_is_charged_and_counted_as_an_overrun() -> None:
    store = store_of()
    store.apply([an_open_call(0, reserved_tokens=300), a_record(0)])
    (agent,) = store.usage().roles
    assert (agent.overruns, agent.overrun_tokens) == (1, 40)
    assert charged(store) == Charged(1, 340, 0)


def test_totals_are_those_of_the_rows_in_every_life() -> None:
    store = store_of()
    store.apply([an_open_call(0), an_open_call(1), a_record(0)])
    again = opened_anew(store)
    assert charged(again) == Charged(2, 1340, 0)
    again.apply([replace(a_record(1), cost=7)])
    assert charged(again) == Charged(2, 680, 7)


@pytest.mark.parametrize(
    "failpoints", ["store.before_commit:2:raise", "journal.before_open:2:raise"]
)
def test_what_was_rolled_back_is_not_charged(failpoints: str) -> None:
    store = store_of(failpoints=failpoints)
    store.apply([an_open_call(0)])
    with pytest.raises(InjectedFault):
        store.apply([a_record(0), an_open_call(1)])
    assert charged(store) == Charged(1, 1000, 0)
    assert store.book.held(a_key(0)) is not None
    assert store.book.held(a_key(1)) is None
    store.apply([a_record(0), an_open_call(1)])
    assert charged(store) == Charged(2, 1340, 0)


def test_a_conflict_in_a_batch_takes_nothing_from_the_others() -> None:
    async def submitted() -> Charged:
        store = store_of()
        commit = GroupCommit(store)
        outcomes = await asyncio.gather(
            *map(commit.submit, [an_open_call(0), a_record(5), a_record(0)]),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], StoreConflict)
        return charged(store)

    assert asyncio.run(submitted()) == Charged(1, 340, 0)


def waiting_for_room(*items: object) -> str:
    """How the third call fares that waits for room behind two, after `items`."""

    async def waited() -> str:
        store = store_of(BudgetConfig(max_tokens=2000))
        commit = GroupCommit(store)
        journal = StoreJournal(commit)
        for number in range(2):
            await journal.open(replace(an_open_call(number), holder="llm0"))
        with pytest.raises(EnvironmentalFailure, match="budget") as refused:
            await journal.open(an_open_call(2))
        assert refused.value.hindrance is Hindrance.BUDGET
        room = asyncio.create_task(journal.room(an_open_call(2)))
        await asyncio.sleep(0)
        for item in items:
            assert not room.done()
            await commit.submit(item)  # type: ignore[arg-type]
        if not items:
            await commit.close()
        try:
            await asyncio.wait_for(room, 5)
        except EnvironmentalFailure as failure:
            return failure.detail
        with pytest.raises(RunFailure) if not items else nullcontext():
            await journal.open(an_open_call(2))
        return "room"

    return asyncio.run(waited())


def test_a_call_that_was_given_back_unsent_is_no_call() -> None:
    store = store_of()
    store.apply([an_open_call(0), abandoned(paid=False)])
    assert store.usage().calls == store.usage().lost == 0


def test_a_call_waits_for_those_under_way_and_takes_what_they_leave() -> None:
    assert waiting_for_room(a_record(0), a_record(1)) == "room"
    assert waiting_for_room(abandoned(0, paid=False)) == "room"


def test_a_call_is_refused_for_good_when_nothing_is_under_way_any_more() -> None:
    lost = [abandoned(n, paid=True) for n in range(2)]
    assert "2000 charged so far, 0 of it reserved" in waiting_for_room(*lost)


def test_nobody_waits_for_what_a_dead_process_had_under_way() -> None:
    assert "0 of it reserved" in waiting_for_room(ProcessDied("llm1"), ProcessDied("llm0"))


def test_nobody_waits_for_a_store_that_is_closed() -> None:
    assert waiting_for_room() == "room"


def test_nobody_waits_for_a_writer_that_has_died() -> None:
    async def waited() -> None:
        store = store_of(BudgetConfig(max_tokens=1000), "journal.before_record:1:raise")
        commit = GroupCommit(store)
        await commit.submit(an_open_call(0))
        room = asyncio.create_task(StoreJournal(commit).room(an_open_call(1)))
        with pytest.raises(RunFailure, match="writer has died"):
            await commit.submit(a_record(0))
        await asyncio.wait_for(room, 5)

    asyncio.run(waited())


def test_what_was_called_before_a_role_had_a_price_is_priced_when_it_gets_one() -> None:
    store = store_of(BudgetConfig(max_cost=1))
    store.apply([an_open_call(0), a_record(0), an_open_call(1)])
    tariff = Tariff(input=2_000_000_000, output=10_000_000_000, cached_input=1_000_000_000)
    for _ in range(2):
        store.apply([PutPrices({Role.AGENT: tariff, Role.MODULATOR: Tariff()})])
        assert charged(store).cost == 200 * 2000 + 100 * 1000 + 40 * 10_000 + 1000 * 10_000


def test_what_is_set_aside_is_asked_again_and_its_cost_stays() -> None:
    store = store_of()
    for life in range(3):
        assert store.apply([an_open_call(0)]) == [None]
        store.apply([a_record(0, a_reply(f"返事{life}")), SetAside((a_key(0).address,))])
    assert store.reply(a_key(0)) is None
    for number in (1, 2, 3):
        aside = replace(a_key(0), address=f"{a_key(0).address}~{number}")
        assert store.reply(aside) == a_reply(f"返事{number - 1}")
    assert store.prompt(a_key(0).request_hash) is not None
    assert charged(store) == Charged(3, 3 * 340, 0)


def test_a_repeated_question_is_counted_by_what_was_wrong_before() -> None:
    store = store_of()
    repeated = replace(an_open_call(1), repeats=Failure.TRUNCATED)
    store.apply([an_open_call(0), repeated])
    (agent,) = store.usage().roles
    assert agent.repeated == ((Failure.TRUNCATED, 1),)


def test_a_fork_takes_replies_along_and_owes_nothing_for_them(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "old", owner="test", create=True) as store:
        setback = replace(a_record(0), setbacks=((Hindrance.SERVER, 2),))
        store.apply([an_open_call(0), setback, an_open_call(1), an_open_call(1), a_record(1)])
        store.apply([an_open_call(2)])
    fork_journal(tmp_path / "old", tmp_path / "new")
    budget = BudgetConfig(max_calls=1)
    with RunStore.open(tmp_path / "new", owner="test", create=False, budget=budget) as store:
        assert charged(store) == Charged()
        assert (store.usage().roles, store.usage().taken_along) == ((), 2)
        assert store.apply([an_open_call(0)]) == [a_reply()]
        assert store.apply([an_open_call(2)]) == [None], "it was never answered"
        assert charged(store) == Charged(1, 1000, 0)


def test_nothing_has_happened_in_a_fork_that_holds_no_more_than_calls(tmp_path: Path) -> None:
    draw = Draw(0, 0, 0, 0, {})
    with RunStore.open(tmp_path / "old", owner="test", create=True) as store:
        store.apply([an_open_call(0), a_record(0), PutEvent("dataset", "sft", b"{}")])
        store.apply([CommitTick(a_report()), CommitCandidate(Candidate("sft", draw, False, None))])
    fork_journal(tmp_path / "old", tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new" / DATABASE_FILE)) as new:
        tables = [name for (name,) in new.execute("SELECT name FROM sqlite_master WHERE sql > ''")]
        filled = {name for name in tables if new.execute(f"SELECT * FROM {name}").fetchone()}
    assert filled == {"calls", "prompts"}


def test_a_run_of_the_first_schema_is_charged_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, 0, MIGRATIONS[:1])
    row = "INSERT INTO calls VALUES (?, 1, x'00', 'agent', 1000, ?, ?, ?, ?, 0, 0, ?, ?)"
    connection.execute(row, ("act/a00001/t0001", 3, "stop", 300, 40, 1, b"reply"))
    connection.execute(row, ("act/a00002/t0001", 2, None, None, None, None, None))
    connection.execute(row, ("act/a00003/t0001", 0, None, None, None, None, None))
    connection.close()
    with RunStore.open(tmp_path, owner="test", create=False, budget=TOKENS) as store:
        assert charged(store) == Charged(5, 340 + 2 * 1000 + 2 * 1000, 0)
        (agent,) = store.usage().roles
        assert (agent.calls, agent.replies, agent.lost) == (2, 1, 4)
        kept = store._connection.execute("SELECT address, reply FROM calls ORDER BY rowid")
        assert kept.fetchone() == ("act/a00001/t0001", b"reply")


def test_without_a_budget_nothing_is_ever_refused() -> None:
    store = RunStore.in_memory()
    calls: list[OpenCall] = [an_open_call(n, reserved_tokens=10**12) for n in range(9)]
    assert store.apply(calls) == [None] * 9
