"""The keys of a config's endpoints: from the environment or from files into `RunConfig.secrets`.

What a problem says never holds what was found where a name or a path belongs: people put the key
itself there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.config.models import key_file_name
from matrix_sim.config.quality import QualityConfig
from matrix_sim.config.roles import entries_of, roles_in_use
from matrix_sim.config.yaml_document import KeyPath, Problem

_LONGEST_FILE = 16_384
"""Bytes; a file that is longer holds something else than a key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that were found."""

    secrets: Mapping[str, SecretStr]
    """By `ModelConfig.key_name`, once its paths are absolute."""
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    """What the user should know about where they lie."""


def key_variables(data: Mapping[str, Any]) -> dict[KeyPath, str]:
    """The variables that hold the keys of the roles in use, by where they are named."""
    named = _named(data, "api_key_env")
    return {where: name for where, name in named.items() if name.isidentifier() and name.isupper()}


def read_keys(data: Mapping[str, Any], base_dir: Path, environment: Mapping[str, str]) -> Keys:
    """The keys of the roles in use; `data` is a config, checked or not."""
    secrets: dict[str, SecretStr] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for where, name in key_variables(data).items():
        key = environment.get(name, "")
        problems += _variable_problems(where, name, key)
        secrets[name] = SecretStr(key)
    for where, given in _named(data, "api_key_file").items():
        path = base_dir / Path(given).expanduser()
        key, what = _read(path, base_dir)
        if what:
            problems.append(Problem(where, f"the file {what}"))
        elif _open_to_others(path):
            notes.append(f"{path} holds a key and can be read by others here: chmod 600 it")
        secrets[key_file_name(path)] = SecretStr(key)
    return Keys(secrets, tuple(problems), tuple(dict.fromkeys(notes)))


def _named(data: Mapping[str, Any], field: str) -> dict[KeyPath, str]:
    models, personas = data.get("models"), data.get("personas")
    if not isinstance(models, dict):
        return {}
    anonymise = personas.get("anonymise") if isinstance(personas, dict) else None
    roles = roles_in_use(anonymise, _datasets(data), _quality(data))
    found: dict[KeyPath, str] = {}
    for entry in entries_of(models, roles).values():
        model = models.get(entry)
        name = model.get(field) if isinstance(model, dict) else None
        if isinstance(name, str | Path) and str(name):
            found[("models", entry, field)] = str(name)
    return found


def _datasets(data: Mapping[str, Any]) -> list[DatasetConfig]:
    """Those that are as they should be; what is wrong with the others is told elsewhere."""
    given = data.get("datasets")
    found = []
    for one in given if isinstance(given, list | tuple) else ():
        with suppress(ValidationError):
            found.append(DatasetConfig.model_validate(one))
    return found


def _quality(data: Mapping[str, Any]) -> QualityConfig:
    try:
        return QualityConfig.model_validate(data.get("quality") or {})
    except ValidationError:
        return QualityConfig()


def _variable_problems(where: KeyPath, name: str, key: str) -> list[Problem]:
    if not key:
        what = (
            f"the environment variable {name} is not set; set it to the key or put it into .env, "
            "or leave api_key_env out for an endpoint without keys"
        )
        return [Problem(where, what)]
    if not _sendable(key):
        what = (
            f"the environment variable {name} holds white space or characters outside ASCII, "
            "which no HTTP header carries; set it to the key alone"
        )
        return [Problem(where, what)]
    return []


def _read(path: Path, base_dir: Path) -> tuple[str, str]:
    """The key in a file, and what is wrong with it ("" if nothing)."""
    try:
        if path.is_dir():
            return "", "is a folder; name the file in it that holds the key"
        if path.stat().st_size > _LONGEST_FILE:
            return "", f"is longer than {_LONGEST_FILE} bytes; it must hold the key alone"
        text = path.read_bytes().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return "", f"is not there (a relative path starts from {base_dir})"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        return "", f"cannot be read: {reason}"
    if not text:
        return "", "is empty; put the key into it, and nothing else"
    if len(text.splitlines()) > 1:
        return "", f"holds {len(text.splitlines())} lines; it must hold the key alone"
    if not _sendable(text):
        return "", (
            "holds white space or characters outside ASCII, which no HTTP header carries; "
            "it must hold the key alone"
        )
    return text, ""


def _sendable(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key


def _open_to_others(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)
