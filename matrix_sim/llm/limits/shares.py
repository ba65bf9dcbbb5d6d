"""The holders of one endpoint's limit, and who of them gets how much of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

VALID_S = 5.0
"""How long a lease holds. A holder that died keeps its part for as long."""


@dataclass(slots=True)
class Holder:
    """One gate of one process, as it told of itself last."""

    name: str
    expires_at: float
    slots: int = 0
    """Of its last lease."""
    in_flight: int = 0
    waiting: int = 0
    waits_since: float = 0.0
    granted_requests: float = 0.0
    """Since it began; likewise the tokens."""
    granted_tokens: float = 0.0

    @property
    def demand(self) -> int:
        """Requests that it would have under way if it could."""
        return self.in_flight + self.waiting

    @property
    def taken(self) -> int:
        """Requests that it may have under way before it hears of anything new."""
        return max(self.slots, self.in_flight)


def slots_of(holder: Holder, holders: Iterable[Holder], limit: int) -> int:
    """How many requests `holder` may have under way.

    Everybody gets what it wants or an equal part of what is there, and what is left over is
    spread: nobody has to ask for the next request. What others hold still is not given twice.
    """
    everyone = sorted(holders, key=lambda h: (h.waits_since, h.name))
    fair = _fair_parts([h.demand for h in everyone], limit)
    mine = fair[next(i for i, h in enumerate(everyone) if h.name == holder.name)]
    free = limit - sum(h.taken for h in everyone if h.name != holder.name)
    return max(0, min(mine, free))


def _fair_parts(demands: list[int], limit: int) -> list[int]:
    """Whole parts of `limit`; the first ones get what does not divide."""
    parts = [0] * len(demands)
    open_ones, left = list(range(len(demands))), limit
    while open_ones and left > 0:
        each, more = divmod(left, len(open_ones))
        modest = [i for i in open_ones if demands[i] - parts[i] <= each]
        if not modest:
            for rank, i in enumerate(open_ones):
                parts[i] += each + (rank < more)
            return parts
        for i in modest:
            left -= demands[i] - parts[i]
            parts[i] = demands[i]
        open_ones = [i for i in open_ones if i not in modest]
    each, more = divmod(left, len(demands))
    return [part + each + (rank < more) for rank, part in enumerate(parts)]
