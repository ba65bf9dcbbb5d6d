"""A journal in memory and a backend that answers when it is let, around `Journaled`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.llm.contracts import (
    AbandonCall,
    Address,
    CallKey,
    Course,
    Finish,
    Message,
    OpenCall,
    RecordCall,
    Reply,
    Request,
    Role,
    StoredPrompt,
)
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.prefix_cache import PrefixCache


def question(text: str = "問い", tick: int = 1, attempt: int = 1) -> Request:
    return Request(
        address=Address(f"act/a00001/t{tick:04d}"),
        role=Role.AGENT,
        messages=(Message("system", "決まり" * 60), Message("user", text)),
        max_tokens=256,
        attempt=attempt,
    )


def reply(text: str) -> Reply:
    return Reply(text, "", Finish.STOP, "m")


class MemoryJournal:
    """A journal that keeps what it is told, first write first."""

    def __init__(self) -> None:
        self.opened: list[OpenCall] = []
        self.abandoned: list[AbandonCall] = []
        self.recorded: list[RecordCall] = []
        self.replies: dict[CallKey, Reply] = {}
        self.prompts: dict[bytes, StoredPrompt] = {}

    async def open(self, call: OpenCall) -> Reply | None:
        self.opened.append(call)
        return self.replies.get(call.key)

    async def room(self, call: OpenCall) -> None:
        raise AssertionError("there is room for everything")

    async def abandon(self, call: AbandonCall) -> None:
        self.abandoned.append(call)

    async def record(self, call: RecordCall) -> Reply:
        self.recorded.append(call)
        self.prompts.setdefault(call.key.request_hash, call.prompt)
        return self.replies.setdefault(call.key, call.reply)


class Model:
    """A backend that answers when it is let, and says how often it was asked."""

    identity = b"{}"

    def __init__(self, answer: Callable[[Request], Awaitable[Reply]] | None = None) -> None:
        self.asked: list[Request] = []
        self.at_once = 0
        self.most_at_once = 0
        self._answer = answer

    async def answer(self, request: Request, course: Course) -> Reply:
        held = await course.reserve()
        if held is not None:
            return held
        answer = await self._answered(request)
        course.sent()
        return answer

    async def _answered(self, request: Request) -> Reply:
        self.asked.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self._answer is not None:
                return await self._answer(request)
            await asyncio.sleep(0)
            return reply(f"{request.messages[-1].content}#{len(self.asked)}")
        finally:
            self.at_once -= 1


def journaled(
    model: Model,
    journal: MemoryJournal | None = None,
    *,
    slots: int = 64,
    failpoints: Failpoints = NO_FAILPOINTS,
) -> Journaled:
    return Journaled(
        {Role.AGENT: model},
        journal if journal is not None else MemoryJournal(),
        max_in_flight=slots,
        prefix_cache=PrefixCache(10_000),
        failpoints=failpoints,
    )


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run it; nothing here takes time, so waiting long is hanging."""

    async def bounded() -> Any:
        return await asyncio.wait_for(coroutine, 5)

    return asyncio.run(bounded())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
