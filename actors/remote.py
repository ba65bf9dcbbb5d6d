"""The domain's protocols, spoken over ports: what is remote looks local from inside."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

from actors.port import Port
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance, Reply, Request
from matrix_sim.llm.limits.lease import Lease, Report
from matrix_sim.messages import AgentStep, Grant, Scenario, SummaryOrder, TickReport, Turn

_STORE_ATTEMPTS = 5


class RemoteStore:
    """The store behind a port; its items are idempotent, so a lost one is simply sent again.

    Otherwise a paid reply could be lost with the process that was to record it.
    """

    def __init__(self, port: Port) -> None:
        self._port = port

    async def submit(self, item: Any) -> Any:
        """The store's result for one write or read."""
        for attempt in range(1, _STORE_ATTEMPTS + 1):
            try:
                return await self._port.ask(item)
            except EnvironmentalFailure as failure:
                if failure.hindrance is not Hindrance.ACTOR_LOST or attempt == _STORE_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")


class RemoteLLM:
    """All LLM actors; an address always goes to the same one.

    An agent's calls share a prefix, so it is the agent (or group) that decides, not the tick.
    """

    def __init__(self, ports: Sequence[Port]) -> None:
        self._ports = ports

    async def complete(self, request: Request) -> Reply:
        """See `LLM.complete`."""
        family = request.address.split("/")[1]
        port = self._ports[zlib.crc32(family.encode()) % len(self._ports)]
        return cast(Reply, await port.ask(request))


class RemoteLimiter:
    """The limiter of the run (a `LimiterPort`)."""

    def __init__(self, port: Port) -> None:
        self._port = port

    async def renew(self, report: Report) -> Lease:
        """See `LimiterPort.renew`."""
        return cast(Lease, await self._port.ask(report))


class RemoteMembers:
    """Agents that live in processes of their own."""

    def __init__(self, ports: Mapping[int, Port]) -> None:
        self._ports = ports

    async def act(self, agent: int, turn: Turn) -> AgentStep:
        """See `Members.act`."""
        return cast(AgentStep, await self._ports[agent].ask(turn))


class RemoteGroups:
    """Groups in other processes; `ports[g]` leads to the one that holds group g."""

    def __init__(self, ports: Sequence[Port]) -> None:
        self._ports = ports

    async def play(self, grant: Grant) -> TickReport:
        """See `Groups.play`."""
        return cast(TickReport, await self._ports[grant.group].ask(grant))

    async def summarise(self, order: SummaryOrder) -> Scenario:
        """See `Groups.summarise`."""
        return cast(Scenario, await self._ports[order.group].ask(order))
