"""The limits of all endpoints of a run, for all LLM actors."""

from __future__ import annotations

import uuid

from actors.base import DeskActor
from actors.desk import Desk
from matrix_sim.llm.limits.lease import LaneStatus
from matrix_sim.llm.limits.limiter import Limiter


class LimiterActor(DeskActor):
    """A `Limiter` in a process of its own; restarted, it learns again from the first reports."""

    def __init__(self) -> None:
        self._limiter = Limiter(uuid.uuid4().hex)
        self._desk = Desk(self._limiter.renew)

    async def status(self) -> tuple[LaneStatus, ...]:
        """How each endpoint does."""
        return self._limiter.status()
