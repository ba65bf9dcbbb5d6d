"""What a call has of a gate: a place in the queue, leave to send once, and the block around it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from matrix_sim.llm.contracts import EnvironmentalFailure, Reply, Request


class Passage(Protocol):
    """The gate, as its permits see it."""

    async def enter(self, request: Request, patience_s: float | None) -> Permit:
        """Wait for leave."""
        ...

    def answered(self, permit: Permit, reply: Reply) -> None:
        """A request brought a reply."""
        ...

    def failed(self, permit: Permit, failure: EnvironmentalFailure) -> None:
        """A request brought none."""
        ...

    def unused(self, permit: Permit) -> None:
        """Nothing was sent."""
        ...

    def left(self) -> None:
        """A request is over."""
        ...


@dataclass(slots=True, eq=False)
class Waiter:
    """A call that waits for leave."""

    request: Request
    prompt_bytes: int
    tokens: float
    since: float
    leave: asyncio.Future[Permit]


class Permit:
    """Leave to send one request once (`contracts.Permit`)."""

    __slots__ = ("_gate", "_told", "epoch", "in_use", "request", "sent_at", "tokens")

    def __init__(
        self,
        gate: Passage,
        request: Request,
        tokens: float,
        sent_at: float,
        *,
        epoch: int,
        in_use: bool,
    ) -> None:
        self._gate = gate
        self._told = False
        self.request = request
        self.tokens = tokens
        """What it is expected to take."""
        self.sent_at = sent_at
        self.epoch = epoch
        """Of the limit that it was sent under."""
        self.in_use = in_use
        """Whether about as many were under way as the limit allows."""

    def answered(self, reply: Reply) -> None:
        """It brought a reply."""
        self._told = True
        self._gate.answered(self, reply)

    def failed(self, failure: EnvironmentalFailure) -> None:
        """It brought none."""
        self._told = True
        self._gate.failed(self, failure)

    def close(self) -> None:
        """Give it back, used or not."""
        if not self._told:
            self._gate.unused(self)
        self._gate.left()


class Admission:
    """The block in which a request may be sent."""

    __slots__ = ("_gate", "_patience_s", "_permit", "_request")

    def __init__(self, gate: Passage, request: Request, patience_s: float | None) -> None:
        self._gate = gate
        self._request = request
        self._patience_s = patience_s
        self._permit: Permit | None = None

    async def __aenter__(self) -> Permit:
        self._permit = permit = await self._gate.enter(self._request, self._patience_s)
        return permit

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._permit is not None:
            self._permit.close()
