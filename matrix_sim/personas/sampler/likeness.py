"""Recombines the attributes of given people: who goes with whom, and what may be mixed.

Sex, work and age are taken together from one person of the source, each of whom is used equally
often; so their joint shares stay. Region, interests, education, marital status and skills come
from people who are like that person. Names are drawn anew. No sentence of the source is taken
over: sentences name their person and tie attributes to each other. Only single attributes and
list items are, and those not that hold somebody's name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matrix_sim.errors import UsageError
from matrix_sim.language import Language
from matrix_sim.personas.model import Persona
from matrix_sim.personas.sampler.cells import (
    Cell,
    CellKey,
    Combination,
    ages_around,
    make_cell,
    most_people,
)
from matrix_sim.personas.sampler.cues import Cues, cues_of
from matrix_sim.randomness import named_random

_DONORS = 8
_AGE_RANGES = (10, 20, 100)
"""Years apart; the next wider one where the narrower leaves too few others."""
_FEWEST_DONORS = 4
_CLOSE_AGE = 5


@dataclass(frozen=True, slots=True)
class Likeness:
    """A new person in attributes, before a word of it is written."""

    age: int | None
    sex: str
    occupation: str
    region: str
    marital_status: str
    education: str
    interests: tuple[str, ...]
    skills: tuple[str, ...]


class Recombination:
    """New people out of given ones."""

    def __init__(self, source: Sequence[Persona], seed: int, language: Language) -> None:
        self._seed = seed
        self._cues = cues_of(language)
        self.names = frozenset(person.name for person in source if person.name)
        """Full names of the source, which nobody new bears."""
        self._source = [_without_names(person, self.names) for person in source]
        self._neighbours = _Neighbours(self._source, self._cues)
        self._turn, self._order = -1, list[int]()
        self._cells: dict[CellKey, Cell] = {}
        self._near: dict[CellKey, list[int]] = {}
        self._members: dict[CellKey, list[int]] = defaultdict(list)
        for place, person in enumerate(self._source):
            self._members[_key(person)].append(place)
        alike: dict[tuple[str, str], list[Persona]] = defaultdict(list)
        for person in self._source:
            alike[person.sex, person.occupation].append(person)
        for key, members in self._members.items():
            self._cells[key] = self._cell(key, members, alike[key.sex, key.occupation])
        counts = {key: len(members) for key, members in self._members.items()}
        self.most = most_people(self._cells, counts)
        """How many different people this source gives at least."""

    def person(self, number: int) -> Likeness:
        """Person `number` (from 0, below `most`): a function of the seed, the source and it."""
        turn, place = divmod(number, len(self._source))
        at = self._order_of(turn)[place]
        base = self._source[at]
        key = _key(base)
        use = turn * len(self._members[key]) + self._members[key].index(at)
        name = f"{key.sex}/{key.occupation}/{key.age}"
        return self._mixed(base, self._cells[key].combination(use, self._seed, name), number)

    def _order_of(self, turn: int) -> Sequence[int]:
        """Everybody of the source once, in the order of a turn."""
        if turn != self._turn:
            order = list(range(len(self._source)))
            named_random(self._seed, "recombined-turn", str(turn)).shuffle(order)
            self._turn, self._order = turn, order
        return self._order

    def people(self, count: int) -> Iterator[Likeness]:
        """The first `count` people.

        Raises:
            UsageError: the source does not give so many different ones.
        """
        if self.most == 0:
            raise UsageError(
                "the people to be recombined give nobody new: one of them shares nothing with "
                "the others; give more people"
            )
        if count > self.most:
            raise UsageError(
                f"{len(self._source):,} people can be recombined into {self.most:,} different "
                f"ones, not {count:,}; ask for {self.most:,} or fewer, or give more people"
            )
        return (self.person(number) for number in range(count))

    def _cell(self, key: CellKey, members: Sequence[int], alike: Sequence[Persona]) -> Cell:
        """The combinations of a key; `alike` are all of its sex and work, of any age."""
        near = self._near[key] = self._neighbours.of(members[0])
        people = [self._source[place] for place in dict.fromkeys((*members, *near))]
        bound = self._cues.bound(key.occupation)
        homes = [p for p in people if not bound or p.occupation == key.occupation]
        return make_cell(
            ages_around(key.age, [person.age for person in alike if person.age is not None]),
            [person.region for person in homes],
            [item for person in people for item in person.interests],
            [Combination(person.age, person.region, person.interests) for person in alike],
        )

    def _mixed(self, base: Persona, combination: Combination, number: int) -> Likeness:
        rng = named_random(self._seed, "recombined", str(number))
        near = [self._source[at] for at in self._near[_key(base)]]
        colleagues = [p for p in near if _work(p) == _work(base)]
        schooled = [p for p in colleagues if not _older(p, base)]
        peers = [p for p in near if p.sex == base.sex and _apart(p, base) <= _CLOSE_AGE]
        skills = list(dict.fromkeys(s for p in (base, *colleagues) for s in p.skills))
        wanted = min(len(skills), 4 + int(rng.random() * 3))
        return Likeness(
            age=combination.age,
            sex=base.sex,
            occupation=base.occupation,
            region=combination.region,
            marital_status=rng.choice([base, *peers]).marital_status,
            education=rng.choice([base, *schooled]).education,
            interests=combination.interests,
            skills=tuple(rng.sample(skills, wanted)),
        )


class _Neighbours:
    """Who is like whom: of the same work first, then of the same sex and about the same age.

    Only people in the same situation are: a student takes over nothing from a pensioner.
    """

    def __init__(self, people: Sequence[Persona], cues: Cues) -> None:
        self._people = people
        self._situations = [cues.situation(person.occupation) for person in people]
        self._by_work: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_age: dict[tuple[str, str, int], list[int]] = defaultdict(list)
        for place, (person, situation) in enumerate(zip(people, self._situations, strict=True)):
            self._by_work[situation, _work(person)].append(place)
            self._by_age[situation, person.sex, _decade(person)].append(place)

    def of(self, place: int) -> list[int]:
        """Up to eight others, nearest first."""
        own, situation = self._people[place], self._situations[place]
        # A common work has thousands of people: those around this one in the file are enough.
        possible = list(_around(self._by_work[situation, _work(own)], place))
        for step in (0, -1, 1, -2, 2):
            decade = self._by_age.get((situation, own.sex, _decade(own) + step), ())
            possible.extend(_around(decade, place))
        others = [at for at in dict.fromkeys(possible) if at != place]
        fitting: list[int] = []
        for years in _AGE_RANGES:
            if len(fitting) < _FEWEST_DONORS:
                fitting = [at for at in others if _apart(self._people[at], own) <= years]
        return sorted(fitting, key=lambda at: self._distance(own, at))[:_DONORS]

    def _distance(self, own: Persona, at: int) -> tuple[bool, bool, int, int]:
        other = self._people[at]
        return _work(other) != _work(own), other.sex != own.sex, _apart(other, own), at


def _around(places: Sequence[int], place: int) -> Sequence[int]:
    if len(places) <= 2 * _DONORS:
        return places
    start = place % len(places)
    return [places[(start + step) % len(places)] for step in range(2 * _DONORS)]


def _key(person: Persona) -> CellKey:
    return CellKey(person.sex, person.occupation, person.age)


def _work(person: Persona) -> str:
    """The kind of work: of 介護福祉業 中堅 the first word."""
    words = person.occupation.split()
    return words[0] if words else ""


def _decade(person: Persona) -> int:
    return -1 if person.age is None else person.age // 10


def _apart(one: Persona, other: Persona) -> int:
    return abs((one.age or 0) - (other.age or 0))


def _older(one: Persona, other: Persona) -> bool:
    """Whether `one` may have finished what `other` is too young for."""
    return (one.age or 0) > (other.age or 0)


def _without_names(person: Persona, names: frozenset[str]) -> Persona:
    """The person without the list items that hold their own name or any full name."""
    own = {person.name, *person.name.split()} - {""}

    def kept(items: Sequence[str]) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(
                item
                for item in items
                if item not in names and not any(part in item for part in own)
            )
        )

    return person.model_copy(
        update={"interests": kept(person.interests), "skills": kept(person.skills)}
    )
