"""The stub as an endpoint: slots, latency, faults and usage around the replies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

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
from matrix_sim.llm.stub.faults import Fault, FaultPlan
from matrix_sim.llm.stub.latency import parse_latency
from matrix_sim.llm.stub.replies import StubWriter, structured
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
    Fault.SERVER: (Hindrance.SERVER, "the stub fails on purpose (500)"),
    Fault.TIMEOUT: (Hindrance.TIMEOUT, "the stub does not answer, on purpose"),
    Fault.DISCONNECT: (Hindrance.CONNECTION, "the stub hangs up, on purpose"),
}


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
        self._slots = asyncio.Semaphore(config.slots)
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

    async def send(self, request: Request, *, sending: int) -> Reply:
        """Answer, after the latency and as the faults will have it.

        Cancelled, it gives its slot back and counts nothing served.

        Raises:
            EnvironmentalFailure: a fault kept the reply back.
        """
        call = (request.address, request.attempt, sending)
        fault = self._faults.environmental(*call)
        if fault is Fault.RATE_LIMITED:
            # Turned away at the door: neither a slot nor a wait.
            self._meter.served(fault)
            self._turn_away(call)
        self._meter.arrive()
        try:
            if not self._latency.none:
                await self._occupy_slot(call)
            return self._answer(request, fault)
        finally:
            self._meter.leave()

    async def _occupy_slot(self, call: tuple[str, int, int]) -> None:
        async with self._slots:
            self._meter.begin()
            try:
                await self._sleep(self._latency.draw(self._seed, *call))
            finally:
                self._meter.end()

    def _turn_away(self, call: tuple[str, int, int]) -> NoReturn:
        raise EnvironmentalFailure(
            Hindrance.RATE_LIMITED,
            "the stub turns the call away on purpose (429)",
            address=call[0],
            retry_after_s=RETRY_AFTER_S if self._faults.names_wait(*call) else None,
        )

    def _answer(self, request: Request, fault: Fault | None) -> Reply:
        if fault is not None:
            self._meter.served(fault)
            hindrance, detail = _HINDRANCES[fault]
            raise EnvironmentalFailure(
                hindrance,
                detail,
                address=request.address,
                maybe_paid=fault in (Fault.TIMEOUT, Fault.DISCONNECT),
            )
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
            prompt_tokens=sum(estimate_tokens(m.content) for m in request.messages),
            completion_tokens=thinking + (estimate_tokens(text) if text else 0),
        )
        self._meter.served(outcome, usage)
        return Reply(text, reasoning, finish, MODEL, usage)

    def _text(self, request: Request, outcome: Fault | None) -> tuple[str, Finish]:
        match outcome:
            case Fault.EMPTY:
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
