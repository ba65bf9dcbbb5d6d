"""Makes the data sets of a run, on the driver's node."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.base import DeskActor
from actors.desk import Desk
from actors.handle import Handle
from actors.port import CoalescedPort
from actors.remote import RemoteLLM, RemoteStore
from matrix_sim.llm.limits.lease import LaneStatus

if TYPE_CHECKING:
    from matrix_sim.synthesis.making import Count
    from matrix_sim.synthesis.synthesis import Synthesis, Workshop


@dataclass(frozen=True, slots=True)
class MakingStatus:
    """How far the data sets are, for a progress display."""

    counts: tuple[Count, ...]
    endpoints: tuple[LaneStatus, ...] = ()
    """How the endpoints do, by the limiter."""


@dataclass(frozen=True, slots=True)
class MakeOrder:
    """Make what is missing of all data sets."""


class Synthesist(DeskActor):
    """Goes on from what the store holds, whether it is the first to hold this office or not."""

    def __init__(self, workshop: Workshop, llm: Sequence[Handle], store: Handle) -> None:
        self._desk = Desk(self._make)
        self._workshop = workshop
        self._llm = RemoteLLM([CoalescedPort(actor) for actor in llm])
        self._store = RemoteStore(CoalescedPort(store))
        self._synthesis: Synthesis | None = None
        self._stopped = False

    async def _make(self, order: MakeOrder) -> tuple[Count, ...]:
        # All the checks come with it: heavy for a driver that only plays.
        from matrix_sim.synthesis.synthesis import Synthesis

        self._synthesis = Synthesis(self._workshop, self._llm, self._store)
        if self._stopped:
            self._synthesis.stop()
        return await self._synthesis.run()

    async def status(self) -> MakingStatus | None:
        """How far it is; None before it has begun."""
        if self._synthesis is None:
            return None
        return MakingStatus(deepcopy(self._synthesis.counts))

    async def stop(self) -> None:
        """Begin nothing more; the order under way ends with `RunStopped` once all is home."""
        self._stopped = True
        if self._synthesis is not None:
            self._synthesis.stop()
