"""The clocks of all groups: who may start its next tick.

Conservative parallel discrete-event simulation (Chandy, Misra, Bryant): what a group sends takes
effect one window later, so a group may be a window ahead of the groups that send to it, and
still every inbox is complete when it is delivered. There is no global barrier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Clock:
    """The grant rule (S4.5): g may start t when g committed t-1 and every in-neighbour t-slack."""

    def __init__(
        self, neighbours: Sequence[Sequence[int]], slack: int, committed: Sequence[int]
    ) -> None:
        """`neighbours[g]` are the groups that g sends to; `committed[g]` is -1 before the first."""
        self._out = neighbours
        self._in: list[list[int]] = [[] for _ in neighbours]
        for source, targets in enumerate(neighbours):
            for target in targets:
                self._in[target].append(source)
        self._slack = slack
        self._committed = list(committed)

    def next_tick(self, group: int) -> int:
        """The tick that the group has to play next."""
        return self._committed[group] + 1

    def may_start(self, group: int) -> bool:
        """Whether the group may start its next tick now."""
        needed = self._committed[group] + 1 - self._slack
        return all(self._committed[source] >= needed for source in self._in[group])

    def commit(self, group: int, tick: int) -> Iterator[int]:
        """Note that the group committed its next tick; the other groups that it may have freed."""
        if tick != self._committed[group] + 1:
            raise ValueError(f"group {group} commits tick {tick} after {self._committed[group]}")
        self._committed[group] = tick
        return iter(self._out[group])
