"""Gates live on leases: nothing is sent beyond them, nobody hangs, and what is held comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from matrix_sim.llm.contracts import EnvironmentalFailure, Finish, Hindrance, Reply, Usage
from matrix_sim.llm.limits.lease import Lease, Report
from matrix_sim.llm.limits.limiter import Limiter
from matrix_sim.llm.limits.shares import VALID_S, Holder, slots_of
from tests.support.callers import Callers, gate, limiter, now, question, terms
from tests.support.simulated_server import SimulatedServer
from tests.support.virtual_time import run_virtually

REPLY = Reply("はい。", "", Finish.STOP, "m", Usage(10, 10))


class Counted:
    """A limiter that may be away."""

    def __init__(self) -> None:
        self.inner: Limiter | None = limiter()
        self.renewals = 0
        self.last: Report | None = None
        self.failure: Exception = EnvironmentalFailure(Hindrance.ACTOR_LOST, "it died")

    async def renew(self, report: Report) -> Lease:
        self.renewals += 1
        self.last = report
        if self.inner is None:
            await asyncio.sleep(0.1)
            raise self.failure
        return await self.inner.renew(report)


def test_holders_together_never_send_more_than_the_limit() -> None:
    async def together() -> tuple[int, float]:
        port, server = limiter(), SimulatedServer(64, sigma=1.0)
        everyone = [
            Callers(server, gate(port, terms(10, fixed=True), f"h{n}"), 20, first=100 * n)
            for n in range(3)
        ]
        await asyncio.sleep(3)
        server.begin()
        await asyncio.sleep(20)
        for callers in everyone:
            await callers.stop()
        return server.most_in_flight, server.mean_in_flight

    most, mean = run_virtually(together())
    assert most == 10
    assert mean > 9


def test_one_slot_goes_round_among_several_holders() -> None:
    async def by_turns() -> list[int]:
        port = limiter()
        servers = [SimulatedServer(9, mean_s=0.1) for _ in range(3)]
        everyone = [
            Callers(server, gate(port, terms(1, fixed=True), f"h{n}"), 3)
            for n, server in enumerate(servers)
        ]
        await asyncio.sleep(20)
        for callers in everyone:
            await callers.stop()
        return [server.replies for server in servers]

    assert min(run_virtually(by_turns())) > 20


def test_shares_follow_demand() -> None:
    busy = Holder("a", 0.0, waiting=100)
    calm = Holder("b", 0.0, in_flight=2)
    assert slots_of(busy, [busy, calm], 10) == 8
    calm.slots = 5  # as it was told before: what it may use is not given twice
    assert slots_of(busy, [busy, calm], 10) == 5
    assert slots_of(calm, [busy, calm], 10) == 2


def test_what_a_dead_holder_held_comes_back_when_its_lease_is_over() -> None:
    async def dies() -> tuple[int, int]:
        port = limiter()
        dead, alive = gate(port, terms(8, fixed=True), "h0"), SimulatedServer(64)
        killed = [asyncio.create_task(hold_for_ever(dead)) for _ in range(8)]
        await asyncio.sleep(0.5)
        assert dead.load == 8
        dead._renewing.cancel()  # type: ignore[union-attr]
        callers = Callers(alive, gate(port, terms(8, fixed=True), "h1"), 20)
        await asyncio.sleep(VALID_S - 1)
        before = alive.in_flight
        await asyncio.sleep(2)
        after = alive.in_flight
        for task in killed:
            task.cancel()
        await callers.stop()
        return before, after

    assert run_virtually(dies()) == (0, 8)


async def hold_for_ever(own: object) -> None:
    async with own.admit(question()):  # type: ignore[attr-defined]
        await asyncio.sleep(1e9)


def test_an_idle_gate_says_nothing_and_holds_nothing() -> None:
    async def idle() -> tuple[int, int]:
        port = Counted()
        own = gate(port, terms(8, fixed=True))
        async with own.admit(question()) as permit:
            permit.answered(REPLY)
        await asyncio.sleep(5)
        renewals = port.renewals
        await asyncio.sleep(1000)
        other = gate(port, terms(8, fixed=True), "h1")
        async with other.admit(question()):
            return port.renewals - renewals, other._lease.slots  # type: ignore[union-attr]

    more, slots = run_virtually(idle())
    assert (more, slots) == (1, 8)


def test_calls_cost_no_renewal_each() -> None:
    async def many() -> tuple[int, int]:
        port, server = Counted(), SimulatedServer(64, mean_s=0.1)
        callers = Callers(server, gate(port, terms(fixed=True)))
        await asyncio.sleep(10)
        await callers.stop()
        return server.replies, port.renewals

    replies, renewals = run_virtually(many())
    assert replies > 5000
    assert renewals < 250


def test_a_permit_that_is_not_used_costs_nothing() -> None:
    async def unused() -> float:
        own = gate(limiter(), terms(rpm=60, tpm=100_000))
        for _ in range(1000):
            async with own.admit(question(prompt="問い")):
                pass
        return now()

    assert run_virtually(unused()) < 1


def test_retry_after_holds_back_everybody_and_nobody_twice() -> None:
    async def held() -> list[list[float]]:
        port = limiter()
        told, other = SimulatedServer(64, mean_s=0.1), SimulatedServer(64, mean_s=0.1)
        everyone = [
            Callers(server, gate(port, terms(), f"h{n}"), 5)
            for n, server in enumerate((told, other))
        ]
        await asyncio.sleep(5)
        told.down = EnvironmentalFailure(
            Hindrance.RATE_LIMITED, "wait", retry_after_s=20.0, busy=True
        )
        await asyncio.sleep(0.3)
        told.down = None
        await asyncio.sleep(30)
        for callers in everyone:
            await callers.stop()
        return [told.sent_at, other.sent_at]

    for sent_at in run_virtually(held()):
        assert not [at for at in sent_at if 5.6 < at < 25]
        assert [at for at in sent_at if 25 <= at < 26]


def test_what_a_request_took_is_what_counts_and_not_what_was_thought() -> None:
    async def spent() -> float:
        port = Counted()
        own = gate(port, terms(tpm=100_000))
        async with own.admit(question()) as permit:
            permit.answered(REPLY)
        await asyncio.sleep(1)
        assert port.last is not None
        return port.last.spent_tokens

    assert run_virtually(spent()) == REPLY.usage.prompt_tokens + REPLY.usage.completion_tokens


@pytest.mark.parametrize("away_s", [2.0, 20.0])
def test_a_limiter_that_dies_holds_nobody_up_for_long_and_forgets_nothing(away_s: float) -> None:
    async def dies() -> tuple[int, int, int]:
        port, server = Counted(), SimulatedServer(64, mean_s=0.5)
        callers = Callers(server, gate(port, terms(64)))
        await asyncio.sleep(30)
        assert port.inner is not None
        before = port.inner.status()[0].limit
        port.inner = None
        await asyncio.sleep(away_s)
        port.inner = limiter("second")
        await asyncio.sleep(1.2)
        after, in_flight = port.inner.status()[0].limit, server.in_flight
        await callers.stop()
        return before, after, in_flight

    before, after, in_flight = run_virtually(dies())
    assert before == after == in_flight == 64


def test_holders_of_a_limiter_that_is_new_keep_to_what_they_had() -> None:
    async def restarted() -> int:
        port, server = Counted(), SimulatedServer(64, mean_s=0.5)
        everyone = [
            Callers(server, gate(port, terms(12, fixed=True), f"h{n}"), 20) for n in range(3)
        ]
        await asyncio.sleep(10)
        port.inner = limiter("second")
        await asyncio.sleep(10)
        for callers in everyone:
            await callers.stop()
        return server.most_in_flight

    assert run_virtually(restarted()) == 12


def test_what_breaks_in_the_limiter_reaches_who_waits() -> None:
    async def broken() -> None:
        port = Counted()
        port.inner, port.failure = None, TypeError("no such field")
        async with gate(port, terms()).admit(question()):
            pass

    with pytest.raises(TypeError, match="no such field"):
        run_virtually(broken())


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.5, 0.55])
def test_a_caller_that_is_cancelled_leaves_no_trace(after_s: float) -> None:
    async def cancelled() -> int:
        own = gate(limiter(), terms(1, fixed=True))
        first = asyncio.create_task(leave_after(own.admit, 0.5))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(leave_after(own.admit, 0.5))
        await asyncio.sleep(after_s)
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        await leave_after(own.admit, 0.1)
        return own.load

    assert [run_virtually(cancelled(), seed) for seed in range(5)] == [0] * 5


def test_leave_that_comes_with_the_cancellation_is_given_back() -> None:
    async def cancelled() -> int:
        own = gate(limiter(), terms(1, fixed=True))
        first = own.admit(question())
        await first.__aenter__()
        second = asyncio.create_task(leave_after(own.admit, 0.5))
        await asyncio.sleep(0.1)
        await first.__aexit__(None, None, None)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        return own.load

    assert run_virtually(cancelled()) == 0


async def leave_after(admit: Callable[..., object], seconds: float) -> None:
    async with admit(question()):  # type: ignore[attr-defined]
        await asyncio.sleep(seconds)
