"""What people are told of endpoints while a run goes on."""

from __future__ import annotations

from collections.abc import Sequence

from matrix_sim.llm.limits.lease import LaneStatus
from matrix_sim.text import clip

_WHY_CHARACTERS = 160
"""Of a reason: two lines of a terminal."""
_WORTH_TELLING_S = 5.0
"""Seconds of holding back that a progress line tells of; shorter ones are over when it is read."""


class EndpointNews:
    """Tells once when an endpoint goes down, and once when it is back."""

    def __init__(self) -> None:
        self._down: set[str] = set()

    def lines(self, lanes: Sequence[LaneStatus]) -> list[str]:
        """What is new."""
        told = []
        for lane in lanes:
            if lane.down_s is not None and lane.name not in self._down:
                self._down.add(lane.name)
                told.append(f"paused: {outage(lane)}; probing every {lane.probe_every_s:g} s")
            elif lane.down_s is None and lane.name in self._down:
                self._down.remove(lane.name)
                told.append(f"on again: {lane.name} answers")
        return told


def outage(lane: LaneStatus) -> str:
    """That an endpoint is down, since when and why."""
    why = clip(" ".join(lane.why.split()), _WHY_CHARACTERS)
    return f"{lane.name} has been down for {lane.down_s or 0.0:.0f} s ({why})"


def standing(lanes: Sequence[LaneStatus]) -> list[str]:
    """What a progress line says of endpoints: those that are down, or hold everybody back."""
    parts = []
    for lane in lanes:
        if lane.down_s is not None:
            parts.append(f"paused: {lane.name} has been down for {lane.down_s:.0f} s")
        elif lane.held_s >= _WORTH_TELLING_S:
            parts.append(f"{lane.name} asks to wait {lane.held_s:.0f} s")
        elif lane.waiting and lane.in_flight < lane.limit:
            by = _by_the_minute(lane)
            parts += [f"{lane.waiting} calls wait for {by} of {lane.name}"] if by else []
    return parts


def _by_the_minute(lane: LaneStatus) -> str:
    limits = {"requests": lane.rpm, "tokens": lane.tpm}
    return " or ".join(f"the {n:g} {what} a minute" for what, n in limits.items() if n is not None)
