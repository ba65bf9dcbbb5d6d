"""People of a source by what must stay together: sex, work and age.

A cell holds everybody of one sex, work and age. Its combinations of age, region and interests
are numbered, so that use after use of it gives a different person, until none is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, gcd

from matrix_sim.randomness import named_random

AGE_SPREAD = 2
"""A new person is at most so many years older or younger than one of the source."""
MOST_INTERESTS = 5
_POOL = 24
"""Interests that a cell draws from."""
_THRESHOLDS = (15, 18, 20, 22, 24, 30, 60, 65, 75)
"""Ages at which lives change; nobody is moved across one."""


@dataclass(frozen=True, slots=True)
class CellKey:
    """What must stay together; age None where the source does not know it."""

    sex: str
    occupation: str
    age: int | None


@dataclass(frozen=True, slots=True)
class Combination:
    """What tells two people of a cell apart."""

    age: int | None
    region: str
    interests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """The combinations of a cell, those left out that are a person of the source."""

    ages: tuple[int | None, ...]
    regions: tuple[str, ...]
    pool: tuple[str, ...]
    chosen: int
    """Interests that a person gets."""
    taken: tuple[int, ...]
    """Numbers of combinations that the source has, ascending."""

    @property
    def size(self) -> int:
        """How many different people the cell gives."""
        return self._all - len(self.taken)

    @property
    def _all(self) -> int:
        return len(self.ages) * len(self.regions) * comb(len(self.pool), self.chosen)

    def combination(self, use: int, seed: int, name: str) -> Combination:
        """The person of use `use`, from 0 and below `size`; another use is another person."""
        rng = named_random(seed, "recombined-cell", name)
        # A multiple of a number that shares no factor with the size visits every place once.
        step = rng.randrange(1, self.size + 1)
        while gcd(step, self.size) != 1:
            step = step % self.size + 1
        number = (rng.randrange(self.size) + use * step) % self.size
        for place in self.taken:
            number += place <= number
        rest, interests = divmod(number, comb(len(self.pool), self.chosen))
        age, region = divmod(rest, len(self.regions))
        items = [self.pool[at] for at in _subset(interests, len(self.pool), self.chosen)]
        named_random(seed, "recombined-order", f"{name}/{use}").shuffle(items)
        return Combination(self.ages[age], self.regions[region], tuple(items))

    def number(self, person: Combination) -> int | None:
        """The number that a person would have among all combinations, if it is one."""
        places = sorted(self.pool.index(item) for item in person.interests if item in self.pool)
        if (
            len(places) != len(person.interests)
            or len(places) != self.chosen
            or person.age not in self.ages
            or person.region not in self.regions
        ):
            return None
        rest = self.ages.index(person.age) * len(self.regions) + self.regions.index(person.region)
        return rest * comb(len(self.pool), self.chosen) + _rank(places, len(self.pool))


def make_cell(
    ages: Sequence[int | None],
    regions: Iterable[str],
    interests: Iterable[str],
    source: Iterable[Combination],
) -> Cell:
    """A cell, with the people of the source who must not come out of it again."""
    pool = _unlike(interests)
    # Half of a small pool: that is where most combinations are.
    chosen = min(MOST_INTERESTS, (len(pool) + 1) // 2)
    whole = Cell(tuple(ages), tuple(dict.fromkeys(regions)), pool, chosen, ())
    numbers = {number for person in source if (number := whole.number(person)) is not None}
    return Cell(whole.ages, whole.regions, pool, chosen, tuple(sorted(numbers)))


def ages_around(age: int | None, others: Sequence[int]) -> tuple[int | None, ...]:
    """The ages that people of a cell may get: near, on the same side of every threshold.

    An age belongs to the nearest age of the source, the lower of two, so that no two cells of a
    sex and work share one.

    Args:
        age: Of the cell.
        others: All ages of the same sex and work in the source.
    """
    if age is None:
        return (None,)
    near = range(max(0, age - AGE_SPREAD), age + AGE_SPREAD + 1)
    return tuple(
        year
        for year in near
        if all((year < t) == (age < t) for t in _THRESHOLDS)
        and min(others, key=lambda other: (abs(other - year), other)) == age
    )


def most_people(cells: Mapping[CellKey, Cell], members: Mapping[CellKey, int]) -> int:
    """How many different people a source gives when all of its people are used equally often."""
    rounds = min(cells[key].size // members[key] for key in cells)
    return rounds * sum(members.values())


def _unlike(items: Iterable[str]) -> tuple[str, ...]:
    """The first items of which none holds another: 料理 and 家庭料理 are not two interests."""
    kept: list[str] = []
    for item in items:
        if len(kept) == _POOL:
            break
        if not any(item in other or other in item for other in kept):
            kept.append(item)
    return tuple(kept)


def _subset(rank: int, size: int, chosen: int) -> list[int]:
    """The `rank`-th choice of `chosen` places out of `size`, in lexical order."""
    places: list[int] = []
    at = 0
    while chosen:
        with_it = comb(size - at - 1, chosen - 1)
        if rank < with_it:
            places.append(at)
            chosen -= 1
        else:
            rank -= with_it
        at += 1
    return places


def _rank(places: Sequence[int], size: int) -> int:
    rank, before = 0, -1
    for index, place in enumerate(places):
        left = len(places) - index
        rank += sum(comb(size - at - 1, left - 1) for at in range(before + 1, place))
        before = place
    return rank
