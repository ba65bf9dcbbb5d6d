"""What pydantic finds wrong with a config, said for the person who wrote it."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from matrix_sim.config.run import RunConfig
from matrix_sim.config.yaml_document import KeyPath, Problem
from matrix_sim.text import clip

_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}
_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def validation_problems(error: ValidationError, root: type[BaseModel] = RunConfig) -> list[Problem]:
    """One problem for each key that is wrong; the branches of a union count as one.

    Args:
        error: of validating `root`.
        root: what was to be read.
    """
    found: dict[KeyPath, Problem] = {}
    for detail in error.errors(include_url=False):
        place = _Place(detail["loc"], root)
        match detail["type"]:
            case "extra_forbidden":
                what = unknown_key(str(place.path[-1]), place.known)
            case "missing":
                what = f"is missing; wants {place.wanted}"
            case "value_error":
                what = str(detail["ctx"]["error"])
            case _:
                what = f"{place.given(detail['input'])}wants {place.wanted}"
        found.setdefault(place.path, Problem(place.path, what))
    return list(found.values())


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Say that `key` is unknown, and which was probably meant."""
    names = list(known)
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    if close:
        return f"unknown key; did you mean '{close[0]}'?"
    return f"unknown key; known here: {', '.join(names)}"


def wanted(where: KeyPath) -> str:
    """What may stand at a key of a config, in words."""
    return _Place(where).wanted


class _Place:
    """A pydantic location, followed through the sections of a config."""

    def __init__(self, location: KeyPath, root: type[BaseModel] = RunConfig) -> None:
        self.path: KeyPath = ()
        """The location without the names that pydantic gives to branches of a union."""
        self.known: tuple[str, ...] = _keys(root)
        """The keys of the innermost section."""
        self._field: FieldInfo | None = None
        self._type: Any = root
        for part in location:
            self._step(part)

    def _step(self, part: str | int) -> None:
        section = _section(self._type)
        if section is not None:
            self.known = _keys(section)
            self._field = section.model_fields.get(str(part))
            self._type = self._field.annotation if self._field else None
        elif get_origin(self._type) is dict:
            self._field = None
            self._type = get_args(self._type)[1]
        else:
            return
        self.path = (*self.path, part)

    @property
    def wanted(self) -> str:
        if self._field is not None and self._field.description:
            return self._field.description
        metadata = self._field.metadata if self._field is not None else []
        return _describe(self._type) + _bounds(metadata)

    def given(self, value: Any) -> str:
        """What was written there; nothing on a field that may hold a secret."""
        if self._field is not None and not self._field.repr:
            return ""
        return f"{_shown(value)} given; "


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"'{clip(value, 60)}'"
        case _:
            return str(value)


def _keys(section: type[BaseModel]) -> tuple[str, ...]:
    """What may be written there: `exclude` marks what only the program fills in."""
    return tuple(name for name, field in section.model_fields.items() if not field.exclude)


def _section(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: Any) -> tuple[Any, ...]:
    """The branches of a union without None; a single type is its own."""
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(a for a in get_args(annotation) if a is not type(None))
    return (annotation,)


def _describe(annotation: Any) -> str:
    return " or ".join(_describe_one(option) for option in _options(annotation))


def _describe_one(option: Any) -> str:
    origin = get_origin(option)
    if origin is Annotated:
        inner, *metadata = get_args(option)
        bounds = [m for item in metadata for m in getattr(item, "metadata", [item])]
        return _describe(inner) + _bounds(bounds)
    if origin is Literal:
        *others, last = (f"'{value}'" for value in get_args(option))
        return f"{', '.join(others)} or {last}" if others else last
    section = _section(option)
    if section is not None:
        return f"a mapping with keys of: {', '.join(_keys(section))}"
    if origin in (list, tuple):
        inner = get_args(option)[:1]
        return "a list of texts" if inner == (str,) else "a list"
    return "a mapping" if origin is dict else _NAMES.get(option, "a value")


def _bounds(metadata: Iterable[Any]) -> str:
    said = [
        f"{word} {getattr(item, name):g}"
        for item in metadata
        for name, word in _BOUNDS.items()
        if getattr(item, name, None) is not None
    ]
    return f" ({' and '.join(said)})" if said else ""
