"""What the parts of a society ask of each other. Wiring decides whether an actor is in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from matrix_sim.messages import AgentStep, Grant, Scenario, SummaryOrder, TickReport, Turn


class Members(Protocol):
    """The agents of one group, as their modulator sees them."""

    async def act(self, agent: int, turn: Turn) -> AgentStep:
        """One agent's turn. Asked again for the same tick, it gives the same answer.

        Raises:
            EnvironmentalFailure: the tick cannot be played now; ask again later.
        """
        ...


class Groups(Protocol):
    """All groups, as the coordinator sees them."""

    async def play(self, grant: Grant) -> TickReport:
        """One tick of one group. Asked again for the same tick, it gives the same answer.

        Raises:
            EnvironmentalFailure: the tick cannot be played now; ask again later.
        """
        ...

    async def summarise(self, order: SummaryOrder) -> Scenario:
        """The scenario of a window whose ticks are all committed.

        Raises:
            EnvironmentalFailure: not now; ask again later.
        """
        ...


class Ledger(Protocol):
    """Where what happened becomes true. Every commit is idempotent by its key."""

    async def commit_tick(self, report: TickReport) -> None:
        """Commit one tick in one transaction; durable on return."""
        ...

    async def commit_scenario(self, scenario: Scenario) -> None:
        """Commit one scenario; durable on return."""
        ...


class History(Protocol):
    """What a new or restarted process rebuilds itself from."""

    async def reports(self, group: int) -> tuple[TickReport, ...]:
        """The committed ticks of a group in order."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the groups of a run are: what a restarted coordinator goes on from."""

    committed: tuple[int, ...]
    """Per group, the last committed tick; -1 before the first."""
    rounds: tuple[int, ...]
    """Per group, the round of the last committed tick; -1 before the first."""
    quiescent: tuple[bool, ...]
    """Per group, `TickReport.quiescent` of the last committed tick; False before the first."""
    recent: tuple[TickReport, ...]
    """The reports that still have envelopes under way, and each group's last window; whole, so
    that an envelope of theirs may have arrived long ago."""
    scenarios: frozenset[tuple[int, int]]
    """(window, group) of every committed scenario."""
    actions_per_window: tuple[tuple[int, int, int], ...]
    """(window, group, number of actions) of every window that holds actions."""
