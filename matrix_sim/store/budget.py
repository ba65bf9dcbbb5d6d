"""What a run has spent and may spend: running totals, kept by the single writer.

Charged is what was paid as far as anybody knows, and every reservation whose end is not known.
A call is opened only if its reservation fits beside that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from matrix_sim.config import BudgetConfig
from matrix_sim.llm.contracts import CallKey, OpenCall
from matrix_sim.llm.tariff import bound_of, money


@dataclass(frozen=True, slots=True)
class Charged:
    """What was charged so far; money in billionths of the currency."""

    calls: int = 0
    """Requests that were paid, or may have been."""
    tokens: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class OverBudget:
    """The answer to an `OpenCall` whose reservation does not fit."""

    detail: str


class BudgetBook:
    """The totals in memory; what is entered between `begin` and `commit` can be taken back.

    Args:
        budget: the bounds.
        charged: what the store's rows come to.
    """

    def __init__(self, budget: BudgetConfig, charged: Charged) -> None:
        self._max_calls = budget.max_calls
        self._max_tokens = budget.max_tokens
        self._max_cost = None if budget.max_cost is None else bound_of(budget.max_cost)
        self.limited = any(
            bound is not None for bound in (self._max_calls, self._max_tokens, self._max_cost)
        )
        """Whether there is any bound; without one, nothing need be entered."""
        self._calls, self._tokens, self._cost = charged.calls, charged.tokens, charged.cost
        self._held: dict[CallKey, OpenCall] = {}
        """Reservations made in this life of the store whose end is not known yet."""
        self._before = charged
        self._undo: list[tuple[CallKey, OpenCall | None]] = []
        self._released = False
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def charged(self) -> Charged:
        """The totals."""
        return Charged(self._calls, self._tokens, self._cost)

    def restart(self, charged: Charged) -> None:
        """The rows have changed under it: other totals, within the transaction."""
        self._calls, self._tokens, self._cost = charged.calls, charged.tokens, charged.cost

    def begin(self) -> None:
        """A transaction begins."""
        if self.limited:
            self._before = self.charged
            self._undo.clear()

    def commit(self) -> None:
        """It is durable: whoever waits for room may look again."""
        if self._undo:
            self._undo.clear()
            self._wake()

    def roll_back(self) -> None:
        """It came to nothing."""
        if not self.limited:
            return
        before = self._before
        self._calls, self._tokens, self._cost = before.calls, before.tokens, before.cost
        for key, call in reversed(self._undo):
            if call is None:
                self._held.pop(key, None)
            else:
                self._held[key] = call
        self._undo.clear()

    def fits(self, call: OpenCall) -> bool:
        """Whether a reservation fits beside what is charged."""
        return (
            (self._max_calls is None or self._calls < self._max_calls)
            and (
                self._max_tokens is None or self._tokens + call.reserved_tokens <= self._max_tokens
            )
            and (self._max_cost is None or self._cost + call.reserved_cost <= self._max_cost)
        )

    def reserve(self, call: OpenCall) -> None:
        """Enter a reservation."""
        self._undo.append((call.key, self._held.get(call.key)))
        self._held[call.key] = call
        self._calls += 1
        self._tokens += call.reserved_tokens
        self._cost += call.reserved_cost

    def held(self, key: CallKey) -> OpenCall | None:
        """The reservation that a call holds, if it was made in this life of the store."""
        return self._held.get(key)

    def leave(self, key: CallKey) -> None:
        """A reservation stays charged, and nobody need wait for its end."""
        call = self._held.pop(key, None)
        if call is not None:
            self._undo.append((key, call))

    def settle(self, key: CallKey, *, calls: int, tokens: int, cost: int) -> None:
        """A reservation came to its end; the figures are by how much that changes the totals."""
        self.leave(key)
        self._calls += calls
        self._tokens += tokens
        self._cost += cost

    def refusal(self, call: OpenCall) -> OverBudget:
        """Why a reservation does not fit, and what to do."""
        held = self._held.values()
        if self._max_calls is not None and self._calls >= self._max_calls:
            name, bound, charged = "max_calls", str(self._max_calls), str(self._calls)
            under_way, need = str(len(held)), "1"
        elif (
            self._max_tokens is not None and self._tokens + call.reserved_tokens > self._max_tokens
        ):
            name, bound, charged = "max_tokens", str(self._max_tokens), str(self._tokens)
            under_way = str(sum(one.reserved_tokens for one in held))
            need = str(call.reserved_tokens)
        else:
            name, bound, charged = "max_cost", money(self._max_cost or 0), money(self._cost)
            under_way = money(sum(one.reserved_cost for one in held))
            need = money(call.reserved_cost)
        return OverBudget(
            f"budget.{name} is {bound}: {charged} charged so far, {under_way} of it reserved for "
            f"calls under way, and this call may take up to {need}; "
            f"to go on, raise it: --set budget.{name}=..."
        )

    async def room(self, call: OpenCall) -> OverBudget | None:
        """Wait until `call` fits, or until no call is under way that could make room for it.

        Returns:
            None where it fits, though others may be quicker, and then it is refused again.
        """
        while not self._released and not self.fits(call):
            if not self._held:
                return self.refusal(call)
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        return None  # a store that is closed says so to whoever asks again

    def bury(self, holder: str) -> None:
        """A process has died: what it had under way stays charged, and nobody waits for it."""
        dead = [key for key, call in self._held.items() if call.holder == holder]
        for key in dead:
            self.leave(key)

    def release(self) -> None:
        """Let go of whoever waits: nothing is written any more."""
        self._released = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)
