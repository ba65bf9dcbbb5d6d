"""What the journal is told of a call that fails, waits for money or is broken off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import BudgetConfig, RetryConfig
from matrix_sim.errors import RunFailure
from matrix_sim.failpoints import NO_FAILPOINTS
from matrix_sim.llm.contracts import (
    AbandonCall,
    Address,
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Message,
    Permit,
    RecordCall,
    Reply,
    Request,
    Role,
    Usage,
)
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.lanes import Lane
from matrix_sim.llm.open_gate import OpenGate
from matrix_sim.llm.prefix_cache import PrefixCache
from matrix_sim.llm.retrying import Retrying
from matrix_sim.llm.tariff import Tariff, most_tokens
from matrix_sim.store.adapters import StoreJournal
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.usage import RoleUsage
from matrix_sim.store.writes import AwaitRoom, Item
from tests.support.examples import examples
from tests.support.virtual_time import run_virtually

MOST = sum(most_tokens(Request(Address("a/b"), Role.AGENT, (Message("user", "問い"),), 100)))


def question(number: int = 0) -> Request:
    return Request(Address(f"act/a{number:05d}/t0001"), Role.AGENT, (Message("user", "問い"),), 100)


def failure(hindrance: Hindrance, *, paid: bool = False) -> EnvironmentalFailure:
    return EnvironmentalFailure(hindrance, "on purpose", maybe_paid=paid)


REPLY = Reply("はい。", "", Finish.STOP, "m", Usage(30, 10))


class OneAtATime(OpenGate):
    """A gate with a single permit."""

    def __init__(self) -> None:
        super().__init__()
        self._permits = asyncio.Semaphore(1)

    @asynccontextmanager
    async def admit(
        self, request: Request, *, patience_s: float | None = None
    ) -> AsyncIterator[Permit]:
        async with self._permits, super().admit(request, patience_s=patience_s) as permit:
            yield permit


class Endpoint:
    """Gives its answers in the order of the sendings, over all calls; then replies."""

    identity = b"{}"

    def __init__(self, answers: list[Reply | EnvironmentalFailure], latency_s: float = 1.0) -> None:
        self.sent: list[str] = []
        self._answers = answers
        self._latency_s = latency_s

    async def send(self, request: Request, *, sending: int) -> Reply:
        self.sent.append(request.address)
        answer = self._answers.pop(0) if self._answers else REPLY
        await asyncio.sleep(self._latency_s)
        if isinstance(answer, EnvironmentalFailure):
            raise answer
        return answer


class Channel:
    """A store that fails at every item of a kind."""

    def __init__(self, store: RunStore, broken: type | None = None) -> None:
        self._commit = GroupCommit(store)
        self._broken = broken

    async def submit(self, item: Item | AwaitRoom) -> object:
        if self._broken is not None and isinstance(item, self._broken):
            raise RunFailure("the disk is full")
        return await self._commit.submit(item)


def asking(
    endpoint: Endpoint,
    store: RunStore,
    *,
    gate: OpenGate | None = None,
    broken: type | None = None,
    attempts: int = 6,
) -> Journaled:
    backend = Retrying(
        [Lane("it", endpoint, gate or OpenGate())],
        RetryConfig(attempts=attempts),
        sleep=asyncio.sleep,
        random=random.Random(1),
    )
    return Journaled(
        {Role.AGENT: backend},
        StoreJournal(Channel(store, broken)),
        max_in_flight=64,
        prefix_cache=PrefixCache(1000),
        failpoints=NO_FAILPOINTS,
        tariffs={Role.AGENT: Tariff(input=1_000_000, output=2_000_000, cached_input=1_000_000)},
    )


async def all_of(llm: Journaled, calls: int) -> list[Reply | BaseException]:
    asked = (llm.complete(question(number)) for number in range(calls))
    return await asyncio.gather(*asked, return_exceptions=True)


def outcomes(
    answers: list[Reply | EnvironmentalFailure],
    calls: int = 1,
    budget: BudgetConfig | None = None,
    *,
    one_permit: bool = False,
    attempts: int = 6,
) -> tuple[list[Reply | BaseException], RoleUsage, list[str]]:
    """What came of so many calls at once, the usage, and what was sent."""
    store, endpoint = RunStore.in_memory(budget=budget or BudgetConfig()), Endpoint(answers)

    async def asked() -> list[Reply | BaseException]:
        gate = OneAtATime() if one_permit else None
        return await all_of(asking(endpoint, store, gate=gate, attempts=attempts), calls)

    found = run_virtually(asked())
    (agent,) = store.usage().roles
    return found, agent, endpoint.sent


def test_a_reply_is_recorded_with_what_its_sendings_met_and_what_it_cost() -> None:
    limited, late = failure(Hindrance.RATE_LIMITED), failure(Hindrance.TIMEOUT, paid=True)
    _, agent, _ = outcomes([limited, limited, late])
    assert agent.setbacks == ((Hindrance.RATE_LIMITED, 2), (Hindrance.TIMEOUT, 1))
    assert agent.lost_by == ((Hindrance.TIMEOUT, 1),)
    assert (agent.replies, agent.sends, agent.sendings) == (1, 2, 4)
    assert agent.cost == 30 * 1 + 10 * 2
    assert agent.lost_tokens == MOST


def test_a_call_that_is_given_up_says_what_it_met_and_gives_back_what_it_did_not_pay() -> None:
    found, agent, _ = outcomes([failure(Hindrance.SERVER)] * 3, attempts=3)
    assert isinstance(found[0], EnvironmentalFailure)
    assert agent.setbacks == ((Hindrance.SERVER, 3),)
    assert (agent.calls, agent.replies, agent.sends, agent.lost_tokens) == (0, 0, 0, 0)


def test_one_who_waits_for_money_holds_no_permit_that_another_needs_to_get_on() -> None:
    """The first keeps its reservation while it backs off, and needs the only permit after that."""
    budget = BudgetConfig(max_tokens=MOST + 60)
    found, agent, sent = outcomes([failure(Hindrance.RATE_LIMITED)], 2, budget, one_permit=True)
    assert found == [REPLY] * 2
    assert agent.sends == 2
    assert len(sent) == 3


def test_calls_that_fit_one_after_the_other_all_get_their_reply() -> None:
    budget = BudgetConfig(max_tokens=MOST + 9 * 40)
    found, agent, _ = outcomes([], 10, budget)
    assert found == [REPLY] * 10
    assert agent.charged_tokens == 400


def test_when_money_is_out_the_rest_is_refused_and_nobody_hangs() -> None:
    found, agent, sent = outcomes([], 10, BudgetConfig(max_tokens=MOST + 4 * 40))
    refused = [one for one in found if isinstance(one, EnvironmentalFailure)]
    assert [one.hindrance for one in refused] == [Hindrance.BUDGET] * 5
    assert (agent.replies, agent.calls, len(sent)) == (5, 5, 5)


@pytest.mark.parametrize(
    "hindrance",
    [
        Hindrance.UNAUTHORISED,
        Hindrance.MODEL_UNKNOWN,
        Hindrance.REJECTED,
        Hindrance.OUTAGE,
    ],
)
def test_after_a_failure_that_no_waiting_mends_nothing_more_is_sent(hindrance: Hindrance) -> None:
    store, endpoint = RunStore.in_memory(), Endpoint([REPLY, failure(hindrance), REPLY])
    llm = asking(endpoint, store)

    async def asked() -> tuple[list[Reply | BaseException], ...]:
        llm = asking(endpoint, store)
        return await all_of(llm, 3), await all_of(llm, 6)

    first, later = run_virtually(asked())
    assert [one for one in first if isinstance(one, Reply)] == [REPLY] * 2, "both came home"
    assert len(endpoint.sent) == 3
    kept = [one for one in later if one == REPLY]
    failed = [one for one in later if isinstance(one, EnvironmentalFailure)]
    assert (len(kept), len(failed)) == (2, 4)
    assert {(one.hindrance, one.detail) for one in failed} == {(hindrance, "on purpose")}
    assert store.usage().lost == 0
    assert run_virtually(all_of(llm, 6)) == [REPLY] * 6, "another start sends again"


def test_a_call_that_is_broken_off_stays_charged_as_broken_off() -> None:
    store = RunStore.in_memory()

    async def closed() -> None:
        llm = asking(Endpoint([], latency_s=100), store)
        calls = [asyncio.create_task(llm.complete(question(n))) for n in range(3)]
        await asyncio.sleep(1)
        await llm.close()
        await asyncio.wait(calls)

    run_virtually(closed())
    (agent,) = store.usage().roles
    assert (agent.lost, agent.broken_off, agent.lost_tokens) == (3, 3, 3 * MOST)


@pytest.mark.parametrize("broken", [RecordCall, AbandonCall])
def test_a_store_that_fails_leaves_the_call_charged_and_to_be_asked_again(broken: type) -> None:
    store, budget = RunStore.in_memory(), BudgetConfig(max_tokens=2 * MOST)
    answers = [failure(Hindrance.REJECTED)] if broken is AbandonCall else []

    async def asked(broken: type | None) -> list[Reply | BaseException]:
        return await all_of(asking(Endpoint(answers), store, broken=broken), 1)

    (found,) = run_virtually(asked(broken))
    assert isinstance(found, RunFailure)
    (agent,) = store.usage().roles
    assert (agent.lost, agent.broken_off, agent.charged_tokens) == (1, 1, MOST)
    store = RunStore(store._connection, store.path, budget=budget)
    assert run_virtually(asked(None)) == [REPLY]
    assert store.usage().charged_tokens == MOST + 40


FATES = st.sampled_from(
    [
        REPLY,
        REPLY,
        failure(Hindrance.RATE_LIMITED),
        failure(Hindrance.SERVER),
        failure(Hindrance.TIMEOUT, paid=True),
        failure(Hindrance.CONNECTION, paid=True),
        failure(Hindrance.CONNECTION),
    ]
)


@examples(60)
@given(
    answers=st.lists(FATES, max_size=30),
    calls=st.integers(1, 8),
    tokens=st.integers(1, 6 * MOST),
    one_permit=st.booleans(),
    attempts=st.integers(1, 4),
)
def test_every_sending_ends_as_a_reply_or_is_counted_with_its_cause(
    answers: list[Reply | EnvironmentalFailure],
    calls: int,
    tokens: int,
    one_permit: bool,
    attempts: int,
) -> None:
    told = list(answers)
    store, endpoint = RunStore.in_memory(budget=BudgetConfig(max_tokens=tokens)), Endpoint(answers)

    async def asked() -> list[Reply | BaseException]:
        gate = OneAtATime() if one_permit else None
        return await all_of(asking(endpoint, store, gate=gate, attempts=attempts), calls)

    found = run_virtually(asked())
    usage = store.usage()
    met = [fate for fate, _ in zip([*told, *[REPLY] * 99], endpoint.sent, strict=False)]
    failed = [one for one in met if isinstance(one, EnvironmentalFailure)]
    setbacks = {h: n for role in usage.roles for h, n in role.setbacks}
    assert setbacks == _counted(one.hindrance for one in failed)
    lost_by = {h: n for role in usage.roles for h, n in role.lost_by}
    assert lost_by == _counted(one.hindrance for one in failed if one.maybe_paid)
    assert usage.replies == found.count(REPLY) == len(met) - len(failed)
    assert usage.charged.calls == usage.replies + sum(lost_by.values())
    assert usage.charged_tokens == 40 * usage.replies + MOST * sum(lost_by.values())
    assert usage.charged_tokens <= tokens


def _counted(hindrances: Iterable[Hindrance]) -> dict[Hindrance, int]:
    counts: dict[Hindrance, int] = {}
    for one in hindrances:
        counts[one] = counts.get(one, 0) + 1
    return counts
