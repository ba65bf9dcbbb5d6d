"""Reads `facets.yaml`: the package's in a language, and the user's own over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from matrix_sim.config.datasets import DatasetKind
from matrix_sim.config.problems import unknown_key, validation_problems
from matrix_sim.config.yaml_document import (
    Document,
    KeyPath,
    Problem,
    read_document,
    storable_problems,
)
from matrix_sim.errors import UsageError
from matrix_sim.language import Language
from matrix_sim.prompts.catalogue import FACETS_FILE
from matrix_sim.synthesis.facets import Facets, Level, Option, facets_of, fitting

_KINDS: tuple[DatasetKind, ...] = get_args(DatasetKind)
_LEVELS: tuple[Level, ...] = get_args(Level)
_AN_OPTION = "a list of options such as '- {name: ..., text: ...}'"
_USED_BY: Mapping[str, tuple[DatasetKind, ...]] = {
    facet: tuple(kind for kind in _KINDS if facet in facets_of(kind))
    for facet in dict.fromkeys(facet for kind in _KINDS for facet in facets_of(kind))
}
"""The kinds of data sets that draw from a facet."""


def load_facets(language: Language, overrides: Path | None = None) -> Facets:
    """The package's facets in a language; those that `facets.yaml` in a folder holds replace them.

    Args:
        language: of the run.
        overrides: the folder of the user's own prompts; it need not hold facets.

    Raises:
        UsageError: with everything that is wrong with the file, each with its line.
    """
    options = dict(_packaged(language))
    own = None if overrides is None else overrides / FACETS_FILE
    if own is not None and own.exists():
        # A facet keeps its place, and nothing depends on the place.
        options |= _read(own)
    return Facets(options=options)


@cache
def _packaged(language: Language) -> Mapping[str, tuple[Option, ...]]:
    with as_file(files("matrix_sim.prompts") / language / FACETS_FILE) as file:
        return _read(file)


def _read(path: Path) -> dict[str, tuple[Option, ...]]:
    document = read_document(path, such_as="task")
    read = _Reading(document)
    options = {facet: read.facet(facet, value) for facet, value in document.data.items()}
    if read.problems:
        told = sorted(read.problems, key=lambda problem: _line(problem.where, document.lines))
        said = [f"  {_place(problem.where, document)}: {problem.what}" for problem in told]
        raise UsageError("\n".join([f"{path} cannot be used:", *said]))
    return options


class _Reading:
    """One file turned into options; what is wrong is noted, and reading goes on."""

    def __init__(self, document: Document) -> None:
        self.problems = [*document.problems, *storable_problems(document.data, ())]

    def facet(self, facet: str, value: Any) -> tuple[Option, ...]:
        if facet not in _USED_BY:
            return self._wrong((facet,), unknown_key(facet, _USED_BY))
        if not isinstance(value, list) or not value:
            return self._wrong((facet,), f"wants {_AN_OPTION}")
        known = len(self.problems)
        read = [self._option((facet, at), item) for at, item in enumerate(value)]
        options = tuple(option for option in read if option is not None)
        self._told_apart(facet, read)
        # What is missing for a kind may be among what could not be read.
        if len(self.problems) == known:
            self.problems += _uncovered(facet, options)
        return options

    def _option(self, where: KeyPath, value: Any) -> Option | None:
        if not isinstance(value, dict):
            self._wrong(where, "wants a mapping such as '{name: ..., text: ...}'")
            return None
        try:
            return Option.model_validate(value)
        except ValidationError as error:
            told = {problem.where for problem in self.problems}
            found = [
                Problem((*where, *p.where), p.what) for p in validation_problems(error, Option)
            ]
            self.problems += [problem for problem in found if problem.where not in told]
            return None

    def _told_apart(self, facet: str, options: Sequence[Option | None]) -> None:
        first: dict[str, int] = {}
        for at, option in enumerate(options):
            if option is not None and first.setdefault(option.name, at) != at:
                what = f"option {first[option.name] + 1} is called '{option.name}' too; rename one"
                self._wrong((facet, at, "name"), what)

    def _wrong(self, where: KeyPath, what: str) -> tuple[()]:
        self.problems.append(Problem(where, what))
        return ()


def _uncovered(facet: str, options: Sequence[Option]) -> Iterator[Problem]:
    """The kinds and levels for which nothing could be drawn."""
    for kind in _USED_BY[facet]:
        for level in _LEVELS:
            if not fitting(options, kind, level):
                what = f"no option fits the {level} requests of '{kind}'"
                yield Problem((facet,), f"{what}; add one without 'kinds' and 'level'")
                break


def _place(where: KeyPath, document: Document) -> str:
    """`line 12, task, option 3 (advice), weight`."""
    facet, *rest = where
    said = [f"line {_line(where, document.lines)}", str(facet)]
    if rest:
        at, *key = rest
        said.append(f"option {int(at) + 1}" if isinstance(at, int) else str(at))
        value = document.data[str(facet)]
        name = value[at].get("name") if isinstance(value[at], dict) else None
        if isinstance(name, str) and key != ["name"]:
            said[-1] += f" ({name})"
        said += map(str, key)
    return ", ".join(said)


def _line(where: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    """Where something stands; for what has no key of its own, the first that does in or above."""
    for length in range(len(where), 0, -1):
        inside = [line for path, line in lines.items() if path[:length] == where[:length]]
        if inside:
            return min(inside)
    return 1
