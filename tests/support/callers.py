"""Many callers before the gates of one endpoint, under virtual time."""

from __future__ import annotations

import asyncio
import random

from matrix_sim.config import OutageConfig, RetryConfig
from matrix_sim.llm.contracts import Address, EnvironmentalFailure, Message, Reply, Request, Role
from matrix_sim.llm.lanes import Lane
from matrix_sim.llm.limits.gate import LeasedGate
from matrix_sim.llm.limits.lease import LaneTerms, LimiterPort
from matrix_sim.llm.limits.limiter import Limiter
from matrix_sim.llm.retrying import Retrying
from tests.support.books import Books
from tests.support.simulated_server import SimulatedServer


def terms(
    bound: int = 64,
    *,
    fixed: bool = False,
    rpm: int | None = None,
    tpm: int | None = None,
    outage: OutageConfig | None = None,
) -> LaneTerms:
    return LaneTerms(bound, fixed, rpm, tpm, outage or OutageConfig())


def now() -> float:
    return asyncio.get_running_loop().time()


def limiter(life: str = "first") -> Limiter:
    return Limiter(life, clock=now)


def gate(
    port: LimiterPort, terms: LaneTerms, holder: str = "h0", lane: str = "http://here/v1"
) -> LeasedGate:
    return LeasedGate(lane, terms, holder, port, clock=now, wall_clock=now)


def question(number: int = 0, prompt: str = "問い" * 100) -> Request:
    return Request(
        Address(f"act/a{number:05d}/t0001"), Role.AGENT, (Message("user", prompt),), 1024
    )


class Callers:
    """A process with its gate and as many callers as it takes to have somebody wait always."""

    def __init__(
        self,
        server: SimulatedServer,
        gate: LeasedGate,
        many: int = 100,
        *,
        first: int = 0,
        longest: int = 1,
    ) -> None:
        """Prompts are up to `longest` times as long as the shortest ones."""
        self.server, self.gate = server, gate
        self._longest = longest
        server.on_headers = gate.saw
        self.failures: list[EnvironmentalFailure] = []
        self._retrying = Retrying(
            [Lane("m", server, gate)],
            RetryConfig(attempts=100),
            sleep=asyncio.sleep,
            random=random.Random(first),
        )
        self._tasks = [asyncio.create_task(self._go_on(first + n)) for n in range(many)]

    async def ask(self, number: int) -> Reply:
        prompt = "問い" * 100 * (1 + number % self._longest)
        return await self._retrying.answer(question(number, prompt), Books())

    async def _go_on(self, number: int) -> None:
        while True:
            try:
                await self.ask(number)
            except EnvironmentalFailure as failure:
                self.failures.append(failure)
                return

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
