"""What the words of a source say: situation, marital status, education, place, known interests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from matrix_sim.language import Language
from matrix_sim.personas.sampler.life import Sex
from matrix_sim.personas.sampler.phrases import Pool
from matrix_sim.personas.sampler.table_files import read_table, tables_of
from matrix_sim.personas.sampler.tables import Interest, Tables, Town

_LIKE = "like"
_SHORTEST = 2
"""Characters of an interest's name that is looked for in longer ones."""


class Cues:
    """Reads attributes of a source in one language."""

    def __init__(self, tables: Tables, table: Mapping[str, Any]) -> None:
        self._tables = tables
        self._sexes: Mapping[Sex, Sequence[str]] = table["sex"]
        self._situations: Mapping[str, Sequence[str]] = table["situations"]
        self._marital: Mapping[str, Sequence[str]] = table["marital"]
        self._bound: Sequence[str] = table["bound"]
        self._interests: dict[str, Interest | None] = {}
        self.pools: Mapping[str, Pool] = {
            name: tables.vocabulary.pool(texts) for name, texts in table["pools"].items()
        }
        """Neutral sentences of `like.yaml`."""

    def situation(self, occupation: str) -> str:
        """`working`, unless the words say otherwise."""
        return _found(self._situations, occupation) or "working"

    def marital(self, status: str) -> str:
        """`single`, `married`, `divorced` or `widowed`; empty where the words do not say."""
        return _found(self._marital, status)

    def bound(self, occupation: str) -> bool:
        """Whether the work is tied to where it is done."""
        return any(word in occupation.lower() for word in self._bound)

    def sex(self, text: str) -> Sex | None:
        """`woman` or `man`; None where the text is neither."""
        return next((sex for sex, words in self._sexes.items() if text.lower() in words), None)

    def town(self, region: str) -> Town | None:
        """A town of the tables in that region."""
        towns = self._tables.towns
        exact = (town for town in towns if town.label == region)
        within = (town for town in towns if region and town.region in region)
        return next(exact, None) or next(within, None)

    def interest(self, name: str) -> Interest | None:
        """The interest of the tables that is meant; the longest name that `name` holds."""
        if name not in self._interests:
            known = [
                interest
                for interest in self._tables.interests
                if interest.name == name
                or (len(interest.name) > _SHORTEST and interest.name in name)
            ]
            self._interests[name] = max(known, key=lambda i: len(i.name), default=None)
        return self._interests[name]


@cache
def cues_of(language: Language) -> Cues:
    """The cues of a language, read once a process."""
    return Cues(tables_of(language), read_table(language, _LIKE))


def _found(patterns: Mapping[str, Sequence[str]], text: str) -> str:
    lowered = text.lower()
    return next(
        (name for name, words in patterns.items() if any(word in lowered for word in words)), ""
    )
