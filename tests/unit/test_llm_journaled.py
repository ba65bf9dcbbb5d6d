"""Calls are journaled before anyone acts on them, one flight an address, and nobody hangs."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from matrix_sim.failpoints import Failpoints, InjectedFault
from matrix_sim.llm.contracts import (
    EnvironmentalFailure,
    Hindrance,
    OpenCall,
    RecordCall,
    Reply,
    Request,
    Schema,
)
from matrix_sim.llm.prompt_delta import decode
from matrix_sim.llm.request_hash import prompt_json
from tests.support.memory_journal import (
    MemoryJournal,
    Model,
    journaled,
    question,
    reply,
    run,
    settle,
)


def test_a_call_is_open_before_it_is_sent_and_recorded_before_it_returns() -> None:
    order: list[str] = []

    class Noted(MemoryJournal):
        async def open(self, call: OpenCall) -> Reply | None:
            order.append("open")
            return await super().open(call)

        async def record(self, call: RecordCall) -> Reply:
            order.append("record")
            return await super().record(call)

    async def answer(request: Request) -> Reply:
        order.append("send")
        return reply("はい。")

    async def asking() -> None:
        await journaled(Model(answer), Noted()).complete(question())
        order.append("return")

    run(asking())
    assert order == ["open", "send", "record", "return"]


def test_a_reservation_covers_all_that_is_sent_and_the_reply() -> None:
    journal = MemoryJournal()
    shaped = replace(question(), schema=Schema("mood", b'{"type":"object"}'))
    for request in (question(), shaped):
        run(journaled(Model(), journal).complete(request))
    plain, with_schema = (call.reserved_tokens for call in journal.opened)
    assert plain == question().prompt_bytes + 2 * 16 + 512 + 256
    assert with_schema == plain + len('{"type":"object"}')


def test_what_the_journal_holds_is_not_sent_again() -> None:
    journal, model = MemoryJournal(), Model()
    first = run(journaled(model, journal).complete(question()))
    assert run(journaled(model, journal).complete(question())) == first
    assert len(model.asked) == 1


def test_callers_act_on_what_the_journal_holds_and_not_on_what_they_received() -> None:
    class Overtaken(MemoryJournal):
        async def record(self, call: RecordCall) -> Reply:
            return reply("先に書かれた返事")

    assert run(journaled(Model(), Overtaken()).complete(question())).text == "先に書かれた返事"


def test_another_attempt_model_or_prompt_is_another_call() -> None:
    journal = MemoryJournal()
    model, other = Model(), Model()
    other.identity = b'{"model":"other"}'
    run(journaled(model, journal).complete(question()))
    for differs in (question(attempt=2), question("別の問い"), replace(question(), max_tokens=512)):
        run(journaled(model, journal).complete(differs))
    run(journaled(other, journal).complete(question()))
    assert (len(model.asked), len(other.asked)) == (4, 1)


def test_equal_requests_share_one_flight() -> None:
    async def asking() -> tuple[list[Reply], int]:
        model = Model()
        llm = journaled(model)
        return await asyncio.gather(*(llm.complete(question()) for _ in range(9))), len(model.asked)

    replies, asked = run(asking())
    assert (len(set(replies)), asked) == (1, 1)


def test_a_different_request_under_the_same_address_waits_for_the_first() -> None:
    async def asking() -> tuple[list[Reply], int]:
        model = Model()
        llm = journaled(model)
        requests = [question("甲"), question("乙"), question("甲"), question("乙")]
        return await asyncio.gather(*map(llm.complete, requests)), model.most_at_once

    replies, at_once = run(asking())
    assert [r.text[0] for r in replies] == ["甲", "乙", "甲", "乙"]
    assert at_once == 1


def test_no_more_are_open_or_sent_at_once_than_there_are_slots() -> None:
    async def asking() -> tuple[int, int]:
        release = asyncio.Event()

        async def answer(request: Request) -> Reply:
            await release.wait()
            return reply("はい。")

        model, journal = Model(answer), MemoryJournal()
        llm = journaled(model, journal, slots=3)
        calls = [asyncio.create_task(llm.complete(question(tick=t))) for t in range(10)]
        await settle()
        opened = len(journal.opened)
        release.set()
        await asyncio.gather(*calls)
        return opened, model.most_at_once

    assert run(asking()) == (3, 3)


def test_a_cancelled_caller_leaves_the_flight_to_the_others_and_to_the_journal() -> None:
    async def asking() -> tuple[str, int]:
        release = asyncio.Event()

        async def answer(request: Request) -> Reply:
            await release.wait()
            return reply("はい。")

        journal = MemoryJournal()
        llm = journaled(Model(answer), journal)
        first, second = (asyncio.create_task(llm.complete(question())) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        assert first.cancelled()
        release.set()
        return (await second).text, len(journal.recorded)

    assert run(asking()) == ("はい。", 1)


def test_a_reply_is_kept_even_where_every_caller_is_gone() -> None:
    async def asking() -> int:
        release = asyncio.Event()

        async def answer(request: Request) -> Reply:
            await release.wait()
            return reply("はい。")

        journal = MemoryJournal()
        caller = asyncio.create_task(journaled(Model(answer), journal).complete(question()))
        await settle()
        caller.cancel()
        await settle()
        release.set()
        await settle()
        return len(journal.recorded)

    assert run(asking()) == 1


def test_a_failure_reaches_all_who_wait_and_the_next_caller_starts_anew() -> None:
    async def asking() -> tuple[list[object], str, int]:
        failures = [EnvironmentalFailure(Hindrance.SERVER, "down")]

        async def answer(request: Request) -> Reply:
            await asyncio.sleep(0)
            if failures:
                raise failures.pop()
            return reply("はい。")

        journal = MemoryJournal()
        llm = journaled(Model(answer), journal)
        failed = await asyncio.gather(
            *(llm.complete(question()) for _ in range(3)), return_exceptions=True
        )
        kept = len(journal.recorded)
        return failed, (await llm.complete(question())).text, kept

    failed, text, kept = run(asking())
    assert all(isinstance(f, EnvironmentalFailure) for f in failed)
    assert (text, kept) == ("はい。", 0)


def test_one_who_waits_behind_a_failing_flight_is_not_drawn_into_it() -> None:
    async def asking() -> list[object]:
        async def answer(request: Request) -> Reply:
            await asyncio.sleep(0)
            if request.messages[-1].content == "甲":
                raise EnvironmentalFailure(Hindrance.SERVER, "down")
            return reply("はい。")

        llm = journaled(Model(answer))
        calls = (llm.complete(question("甲")), llm.complete(question("乙")))
        return await asyncio.gather(*calls, return_exceptions=True)

    failed, answered = run(asking())
    assert isinstance(failed, EnvironmentalFailure)
    assert answered == reply("はい。")


@pytest.mark.parametrize("broken", ["open", "record"])
def test_a_journal_that_breaks_reaches_all_who_wait(broken: str) -> None:
    class Broken(MemoryJournal):
        async def open(self, call: OpenCall) -> Reply | None:
            if broken == "open":
                raise OSError("disk full")
            return None

        async def record(self, call: RecordCall) -> Reply:
            raise OSError("disk full")

    async def asking() -> list[object]:
        llm = journaled(Model(), Broken())
        calls = (llm.complete(question()) for _ in range(3))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert [type(failed) for failed in run(asking())] == [OSError] * 3


def test_closing_leaves_nobody_waiting() -> None:
    async def asking() -> list[object]:
        async def never(request: Request) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError

        llm = journaled(Model(never), slots=1)
        calls = [asyncio.create_task(llm.complete(question(tick=t))) for t in (1, 1, 2)]
        await asyncio.sleep(0)  # the flights exist, but have not begun
        await llm.close()
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = run(asking())
    assert [getattr(o, "hindrance", None) for o in outcomes] == [Hindrance.ACTOR_LOST] * 3


@pytest.mark.parametrize(("place", "sent"), [("llm.before_send", 0), ("llm.reply_received", 1)])
def test_a_fault_on_the_way_keeps_nothing(place: str, sent: int) -> None:
    model, journal = Model(), MemoryJournal()
    llm = journaled(model, journal, failpoints=Failpoints.parse(f"{place}:1:raise"))
    with pytest.raises(InjectedFault):
        run(llm.complete(question()))
    assert (len(journal.opened), len(model.asked), journal.recorded) == (1, sent, [])


def test_every_recorded_prompt_can_be_read_back_even_after_a_failed_record() -> None:
    class Forgetful(MemoryJournal):
        async def record(self, call: RecordCall) -> Reply:
            if call.key.address.endswith("t0002"):
                raise OSError("disk full")
            return await super().record(call)

    async def asking() -> tuple[MemoryJournal, list[Request]]:
        journal = Forgetful()
        llm = journaled(Model(), journal)
        requests = [question("前の日の話。" * 9 * tick, tick) for tick in range(6)]
        for request in requests:
            await asyncio.gather(llm.complete(request), return_exceptions=True)
        return journal, requests

    journal, requests = run(asking())
    assert journal.recorded[-1].prompt.base is not None
    read = [decode(journal.prompts.get, call.key.request_hash) for call in journal.recorded]
    asked = [r for r in requests if not r.address.endswith("t0002")]
    assert read == [prompt_json(r.messages) for r in asked]


def test_uncached_tokens_are_those_that_grew() -> None:
    async def asking() -> list[int]:
        journal = MemoryJournal()
        llm = journaled(Model(), journal)
        await llm.complete(question("話。" * 100, 1))
        await llm.complete(question("話。" * 110, 2))
        return [call.uncached_tokens for call in journal.recorded]

    first, second = run(asking())
    assert second < first / 4
