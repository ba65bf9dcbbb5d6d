"""How far a simulation has to go: a fixed number of ticks, or as far as a quota needs (S7)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from matrix_sim.config import SocietyConfig


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the simulation that all groups complete before the next begins."""

    round: int
    """Number of the stage; from 1 on, agents whose plan is done get a new one."""
    end: int
    """The first tick beyond it."""
    begin: int = 0
    """Its first tick."""


class Horizon(Protocol):
    """Decides on the next stage when every group has reached the end of one."""

    def first(self) -> Stage:
        """The stage that a run begins with."""
        ...

    def next(self, reached: Stage, actions: Mapping[tuple[int, int], int]) -> Stage | None:
        """The stage after `reached`, or None to end.

        Args:
            reached: the stage that every group has completed.
            actions: how many each (window, group) holds.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedHorizon:
    """So many ticks and no more."""

    ticks: int

    def first(self) -> Stage:
        """All of it."""
        return Stage(0, self.ticks)

    def next(self, reached: Stage, actions: Mapping[tuple[int, int], int]) -> Stage | None:
        """The end."""
        return None


@dataclass(frozen=True, slots=True)
class QuotaHorizon:
    """As many windows as the quota needs, extended by whole rounds where windows stayed idle."""

    scenarios: int
    groups: int
    window: int
    min_actions: int
    max_windows: int

    def first(self) -> Stage:
        """ceil(N / groups) windows."""
        windows = min(math.ceil(self.scenarios / self.groups), self.max_windows)
        return Stage(0, windows * self.window)

    def next(self, reached: Stage, actions: Mapping[tuple[int, int], int]) -> Stage | None:
        """As many windows more as the missing scenarios need if all groups bring one each.

        None, too, where new goals brought no action: others would bring none either, at a price.
        """
        windows = reached.end // self.window
        asked_in_vain = reached.begin // self.window if reached.round else 0
        if not any(window >= asked_in_vain for window, _ in actions):
            return None
        missing = self.scenarios - sum(
            1
            for (window, _), count in actions.items()
            if window < windows and count >= self.min_actions
        )
        if missing <= 0 or windows >= self.max_windows:
            return None
        more = min(windows + math.ceil(missing / self.groups), self.max_windows)
        return Stage(reached.round + 1, more * self.window, reached.end)


def horizon_of(settings: SocietyConfig, groups: int) -> Horizon:
    """The horizon that the settings ask for."""
    if settings.ticks is not None:
        return FixedHorizon(settings.ticks)
    if settings.scenarios is None:
        raise ValueError("the settings have neither ticks nor a quota of scenarios")
    return QuotaHorizon(
        scenarios=settings.scenarios,
        groups=groups,
        window=settings.scenario_window,
        min_actions=settings.min_actions,
        max_windows=settings.max_windows,
    )
