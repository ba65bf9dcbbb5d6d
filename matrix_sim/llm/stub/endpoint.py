"""The stub as an endpoint: slots, latency, faults and usage around the replies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from matrix_sim.canonical import canonical_json
from matrix_sim.config import StubConfig
from matrix_sim.llm.contracts import (
    EnvironmentalFailure,
    Finish,
    Hindrance,
    Reply,
    Request,
    Usage,
)
from matrix_sim.llm.stub.counters import StubCounters, StubMeter
from matrix_sim.llm.stub.faults import PAID, Fault, FaultPlan
from matrix_sim.llm.stub.latency import parse_latency
from matrix_sim.llm.stub.replies import StubWriter, structured
from matrix_sim.llm.stub.slots import Slots
from matrix_sim.text import estimate_tokens

MODEL = "matrix-sim-stub"
"""The name that the stub's one model goes by."""
RETRY_AFTER_S = 1.0
"""What a rate limit that names a time asks for."""
_VERSION = 1
"""Raised when the same seed and prompt give another reply than before."""
_BROKEN = '[{"'
"""What a malformed reply begins with: no JSON, and even if mended it is no object."""
_HINDRANCES = {
    Fault.RATE_LIMITED: (
        Hindrance.RATE_LIMITED,
        "the stub turns the call away on purpose (429)",
    ),
    Fault.SERVER: (Hindrance.SERVER, "the stub fails on purpose (500)"),
    Fault.TIMEOUT: (Hindrance.TIMEOUT, "the stub does not answer, on purpose"),
    Fault.DISCONNECT: (Hindrance.CONNECTION, "the stub hangs up, on purpose"),
    Fault.UNAVAILABLE: (Hindrance.SERVER, "the stub is not there, on purpose (503)"),
    Fault.BROKEN_BODY: (Hindrance.SERVER, "the stub answers with a broken body, on purpose"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A reply, good or bad."""

    reply: Reply
    spoilt: Fault | None
    """What is wrong with it."""


@dataclass(frozen=True, slots=True)
class KeptBack:
    """No reply reaches the client."""

    fault: Fault
    reply: Reply | None = None
    """The reply that was made all the same."""
    retry_after_s: float | None = None
    """Seconds that a rate limit asks to wait, if it says so."""
    in_the_middle: bool = False
    """Whether a server that hangs up begins its answer before."""


class StubEndpoint:
    """A deterministic endpoint (an `Endpoint`).

    Raises:
        UsageError: the latency or a fault of the config is not understood, or the stub does not
            speak the language.
    """

    def __init__(
        self,
        config: StubConfig,
        *,
        seed: int,
        language: str,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seed = seed
        self._reasoning = config.reasoning
        self._writer = StubWriter(seed, language)
        self._latency = parse_latency(config.latency)
        self._faults = FaultPlan(seed, config.faults)
        self._slots = Slots(config.slots)
        self._sleep = sleep
        self._meter = StubMeter(clock)
        self.identity = canonical_json(
            {
                "faults": self._faults.outcome_rates,
                "language": language,
                "reasoning": config.reasoning,
                "seed": seed,
                "stub": _VERSION,
            }
        )

    @property
    def counters(self) -> StubCounters:
        """What was done so far, to this moment."""
        return self._meter.read()

    async def close(self) -> None:
        """Nothing is open."""

    def reset_counters(self) -> None:
        """Count from zero again; what is under way counts on."""
        self._meter.reset()

    def resize(self, slots: int) -> None:
        """Serve so many at once from now on."""
        self._slots.resize(slots)

    async def send(self, request: Request, *, sending: int) -> Reply:
        """Answer, after the latency and as the faults will have it.

        Cancelled, it gives its slot back and counts nothing served.

        Raises:
            EnvironmentalFailure: a fault kept the reply back.
        """
        met = await self.meet(request, sending=sending)
        if isinstance(met, Made):
            return met.reply
        hindrance, detail = _HINDRANCES[met.fault]
        raise EnvironmentalFailure(
            hindrance,
            detail,
            address=request.address,
            retry_after_s=met.retry_after_s,
            maybe_paid=met.reply is not None,
        )

    async def meet(self, request: Request, *, sending: int) -> Made | KeptBack:
        """The same without raising: a server shows a fault in its own way."""
        call = (request.address, request.attempt, sending)
        fault = self._faults.environmental(*call)
        if fault is Fault.RATE_LIMITED:
            # Turned away at the door: neither a slot nor a wait.
            self._meter.served(fault)
            names_wait = self._faults.names_wait(*call)
            return KeptBack(fault, retry_after_s=RETRY_AFTER_S if names_wait else None)
        self._meter.arrive()
        try:
            if not self._latency.none:
                await self._occupy_slot(call)
        finally:
            self._meter.leave()
        if fault is not None and fault not in PAID:
            self._meter.served(fault)
            return KeptBack(fault)
        reply, spoilt = self._answer(request)
        self._meter.served(fault or spoilt, reply.usage)
        if fault is None:
            return Made(reply, spoilt)
        return KeptBack(fault, reply, in_the_middle=self._faults.cuts_body(*call))

    async def _occupy_slot(self, call: tuple[str, int, int]) -> None:
        async with self._slots:
            self._meter.begin()
            try:
                await self._sleep(self._latency.draw(self._seed, *call))
            finally:
                self._meter.end()

    def _answer(self, request: Request) -> tuple[Reply, Fault | None]:
        outcome = self._faults.outcome(request.address, request.attempt)
        if outcome is Fault.MALFORMED and not structured(request):
            outcome = None  # Free text has no form to miss.
        text, finish = self._text(request, outcome)
        reasoning = self._writer.reasoning(request) if self._reasoning else ""
        thinking = estimate_tokens(reasoning) if reasoning else 0
        room = max(0, request.max_tokens - thinking)
        if text and estimate_tokens(text) > room:
            # A character is a token at most, and the estimate rounds up.
            text, finish = text[: max(0, room - 1)], Finish.LENGTH
        usage = Usage(
            prompt_tokens=prompt_tokens(request),
            completion_tokens=thinking + (estimate_tokens(text) if text else 0),
        )
        return Reply(text, reasoning, finish, MODEL, usage), outcome

    def _text(self, request: Request, outcome: Fault | None) -> tuple[str, Finish]:
        match outcome:
            case Fault.EMPTY | Fault.NULL_CONTENT:
                return "", Finish.STOP
            case Fault.REFUSED:
                return self._writer.refusal(request), Finish.REFUSED
        text = self._writer.write(request)
        match outcome:
            case Fault.TRUNCATED:
                return text[: len(text) // 2], Finish.LENGTH
            case Fault.MALFORMED:
                return _BROKEN + text.strip('{}[]"'), Finish.STOP
        return text, Finish.STOP


def prompt_tokens(request: Request) -> int:
    """What the stub takes a prompt for."""
    return sum(estimate_tokens(m.content) for m in request.messages)
