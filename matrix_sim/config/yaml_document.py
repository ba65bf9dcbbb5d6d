"""A config file as plain data, with the line of every key and what is wrong with it as YAML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from matrix_sim.errors import UsageError

KeyPath = tuple[str | int, ...]
"""Where something stands in a config: keys, and places in lists."""

_GREATEST = 2**63


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a config, and what to do about it."""

    where: KeyPath
    what: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML file holds."""

    data: dict[str, Any]
    lines: Mapping[KeyPath, int]
    """The line of every key, from 1."""
    problems: tuple[Problem, ...]
    """Keys that stand twice."""


def dotted(path: KeyPath) -> str:
    """`society.scenario_window`."""
    return ".".join(str(part) for part in path)


def read_document(path: Path, such_as: str = "society") -> Document:
    """Read a YAML file whose top is a mapping.

    Args:
        path: of the file.
        such_as: a key that it may hold, for messages.

    Raises:
        UsageError: no such file, not UTF-8, not YAML (with line and column), no mapping.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such file; give the path of a config such as examples/demo.yaml"
        ) from None
    except IsADirectoryError:
        raise UsageError(f"{path}: is a folder; give the path of a config file") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return _parse(text, path, such_as)
    except yaml.MarkedYAMLError as error:
        raise UsageError(f"{path}{_place(error.problem_mark)}: {_reason(error)}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not YAML: {error}") from None


def parse_value(text: str) -> Any:
    """A single value as YAML reads it: `3`, `null`, `[1, 2]`, `some text`.

    Raises:
        ValueError: it is none.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def storable_problems(value: Any, where: KeyPath) -> list[Problem]:
    """What of a value has no place in JSON, and so none in a run's identity."""
    match value:
        case dict():
            return [
                p for key, item in value.items() for p in storable_problems(item, (*where, key))
            ]
        case list():
            return [p for i, item in enumerate(value) for p in storable_problems(item, (*where, i))]
        case int() if abs(value) >= _GREATEST:
            return [Problem(where, "is too great a number")]
        case float() if not math.isfinite(value):
            return [Problem(where, "is no finite number")]
        case str() | int() | float() | None:
            return []
        case _:
            kind = type(value).__name__
            return [Problem(where, f"is read as a {kind} by YAML; put it in quotes")]


def _parse(text: str, path: Path, such_as: str) -> Document:
    loader = yaml.SafeLoader(text)
    try:
        top = loader.get_single_node()
        if top is None:
            raise UsageError(f"{path}: is empty; it holds keys such as '{such_as}:'")
        if not isinstance(top, yaml.MappingNode):
            raise UsageError(f"{path}: must be a mapping of keys such as '{such_as}:', it is not")
        notes = _Notes({}, [])
        _note(top, (), notes, ())
        data = loader.construct_document(top)
    finally:
        loader.dispose()
    return Document(data, notes.lines, tuple(notes.problems))


@dataclass(frozen=True, slots=True)
class _Notes:
    lines: dict[KeyPath, int]
    problems: list[Problem]


def _note(node: yaml.Node, path: KeyPath, notes: _Notes, above: tuple[int, ...]) -> None:
    """Note the lines of all keys under `node`, and keys that stand twice."""
    if id(node) in above:
        raise yaml.MarkedYAMLError(
            problem="an alias that holds itself", problem_mark=node.start_mark
        )
    above = (*above, id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note(item, (*path, index), notes, above)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                _note(value, path, notes, above)
                continue
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise yaml.MarkedYAMLError(
                    problem="a key must be text; put it in quotes", problem_mark=key.start_mark
                )
            if key.value in seen:
                first = seen[key.value]
                what = f"stands twice, in line {first} and in line {line}; keep one"
                notes.problems.append(Problem((*path, key.value), what))
            seen[key.value] = line
            notes.lines[(*path, key.value)] = line
            _note(value, (*path, key.value), notes, above)


def _place(mark: yaml.Mark | None) -> str:
    return "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"


def _reason(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part)
