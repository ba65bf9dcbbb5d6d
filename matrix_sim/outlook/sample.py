"""A part of a society that behaves like all of it: groups that hang together, and who they know.

The groups of a sample are asked what they would be asked in the whole: their prompts describe the
neighbours that they have there. What one sends to a neighbour outside of the sample goes to
another group in it, so that as much comes in as in the whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from matrix_sim.messages import Envelope, Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.randomness import named_random
from matrix_sim.society.contracts import Groups
from matrix_sim.society.society import Group, Society

Detours = Mapping[tuple[int, int], int]
"""(sender, neighbour outside) to the group that gets it instead."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some groups of a society, which come first in it."""

    society: Society
    """All of it, its groups in another order."""
    groups: int
    """How many of them are played: the first."""
    neighbours: tuple[tuple[int, ...], ...]
    """Per group of the sample, whom in it its envelopes reach."""
    detours: Detours

    @property
    def people(self) -> int:
        """How many live in it."""
        return sum(len(group.members) for group in self.society.groups[: self.groups])

    @property
    def whole(self) -> bool:
        """Whether it is all of the society."""
        return self.groups == len(self.society.groups)


def sample_of(society: Society, people: int, seed: int) -> Sample:
    """Groups of together about `people`, reached from one by lot along their links.

    All of the society where it has no more; otherwise enough groups for one to write to as many
    others as it has neighbours.
    """
    count = len(society.groups)
    if people >= len(society.members):
        return Sample(society, count, tuple(g.neighbours for g in society.groups), {})
    enough = 1 + max((len(group.neighbours) for group in society.groups), default=0)
    chosen = list[int]()
    living = 0
    for group in _reached(society, seed):
        if living >= people and len(chosen) >= enough:
            break
        chosen.append(group)
        living += len(society.groups[group].members)
    arranged = _chosen_first(society, chosen)
    detours = _detours(arranged, len(chosen), seed)
    neighbours = tuple(
        tuple(
            reached
            for target in group.neighbours
            if (reached := target if target < len(chosen) else detours.get((group.group, target)))
            is not None
        )
        for group in arranged.groups[: len(chosen)]
    )
    return Sample(arranged, len(chosen), neighbours, detours)


def _reached(society: Society, seed: int) -> list[int]:
    """All groups, each next to one before it wherever there is a link."""
    links = [list(group.neighbours) for group in society.groups]
    for group in society.groups:
        for neighbour in group.neighbours:
            links[neighbour].append(group.group)
    order = list(range(len(links)))
    named_random(seed, "sample", "groups").shuffle(order)
    found: dict[int, None] = {}
    for start in order:
        waiting = deque([start])
        while waiting:
            at = waiting.popleft()
            if at not in found:
                found[at] = None
                waiting.extend(links[at])
    return list(found)


def _chosen_first(society: Society, chosen: list[int]) -> Society:
    """The society with its groups numbered anew."""
    first = dict.fromkeys(chosen)
    rest = [group for group in range(len(society.groups)) if group not in first]
    numbers = {old: new for new, old in enumerate((*chosen, *rest))}
    groups = [
        Group(
            numbers[group.group],
            group.members,
            group.description,
            tuple(numbers[n] for n in group.neighbours),
        )
        for group in society.groups
    ]
    return replace(society, groups=tuple(sorted(groups, key=lambda group: group.group)))


def _detours(society: Society, played: int, seed: int) -> Detours:
    """A group of the sample for each link out of it, by lot, none of which gets there twice."""
    detours: dict[tuple[int, int], int] = {}
    for group in society.groups[:played]:
        inside = [n for n in group.neighbours if n < played]
        free = [n for n in range(played) if n != group.group and n not in inside]
        named_random(seed, "sample", f"detours-{group.group}").shuffle(free)
        outside = [n for n in group.neighbours if n >= played]
        detours |= {(group.group, n): other for n, other in zip(outside, free, strict=False)}
    return detours


@dataclass(frozen=True, slots=True)
class SampledGroups:
    """The groups of a sample (`Groups`), with their mail on its detours."""

    groups: Groups
    sample: Sample

    async def play(self, grant: Grant) -> TickReport:
        """One tick of one group."""
        report = await self.groups.play(grant)
        sent = (self._redirected(envelope) for envelope in report.envelopes)
        return replace(report, envelopes=tuple(one for one in sent if one is not None))

    async def summarise(self, order: SummaryOrder) -> Scenario:
        """The scenario of a window."""
        return await self.groups.summarise(order)

    def _redirected(self, envelope: Envelope) -> Envelope | None:
        if envelope.target < self.sample.groups:
            return envelope
        target = self.sample.detours.get((envelope.source, envelope.target))
        return None if target is None else replace(envelope, target=target)
