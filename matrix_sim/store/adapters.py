"""The store as those see it who use it: journal, ledger, history.

Each needs only a channel to the single writer; what is in between (a hop to the store's actor)
is the wiring's affair.
"""

from __future__ import annotations

from typing import Protocol, cast

from matrix_sim.llm.contracts import (
    AbandonCall,
    EnvironmentalFailure,
    Hindrance,
    OpenCall,
    RecordCall,
    Reply,
)
from matrix_sim.messages import Scenario, TickReport
from matrix_sim.store.budget import OverBudget
from matrix_sim.store.writes import AwaitRoom, CommitScenario, CommitTick, Item, ReadReports


class StoreChannel(Protocol):
    """The way to the store: an item goes in, its answer comes out."""

    async def submit(self, item: Item | AwaitRoom, /) -> object:
        """Have `item` done, durably; the answer is the one that the item names."""
        ...


class StoreJournal:
    """The journal (`matrix_sim.llm.contracts.Journal`) in the run store."""

    def __init__(self, channel: StoreChannel) -> None:
        self._channel = channel

    async def open(self, call: OpenCall) -> Reply | None:
        """Make the reservation durable; or the reply, if the journal holds one.

        Raises:
            EnvironmentalFailure: BUDGET; nothing was reserved.
        """
        return cast("Reply | None", await self._within_budget(call, call))

    async def room(self, call: OpenCall) -> None:
        """Wait until a refused call fits into the budget, as far as one can see.

        Raises:
            EnvironmentalFailure: BUDGET; nothing is under way that might make room.
        """
        await self._within_budget(call, AwaitRoom(call))

    async def _within_budget(self, call: OpenCall, item: OpenCall | AwaitRoom) -> object:
        answer = await self._channel.submit(item)
        if isinstance(answer, OverBudget):
            raise EnvironmentalFailure(Hindrance.BUDGET, answer.detail, address=call.key.address)
        return answer

    async def record(self, call: RecordCall) -> Reply:
        """Keep the reply durably; returns what the journal holds."""
        return cast("Reply", await self._channel.submit(call))

    async def abandon(self, call: AbandonCall) -> None:
        """Note that a call that was opened got no reply."""
        await self._channel.submit(call)


class StoreLedger:
    """The ledger (`matrix_sim.society.contracts.Ledger`) in the run store."""

    def __init__(self, channel: StoreChannel) -> None:
        self._channel = channel

    async def commit_tick(self, report: TickReport) -> None:
        """Commit one tick; durable on return."""
        await self._channel.submit(CommitTick(report))

    async def commit_scenario(self, scenario: Scenario) -> None:
        """Commit one scenario; durable on return."""
        await self._channel.submit(CommitScenario(scenario))


class StoreHistory:
    """The history (`matrix_sim.society.contracts.History`) in the run store."""

    def __init__(self, channel: StoreChannel) -> None:
        self._channel = channel

    async def reports(self, group: int) -> tuple[TickReport, ...]:
        """The committed ticks of a group in order."""
        return cast("tuple[TickReport, ...]", await self._channel.submit(ReadReports(group)))
