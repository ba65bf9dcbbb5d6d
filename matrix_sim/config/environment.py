"""What a config takes from outside: the environment, `.env` files and `${NAME}` in its strings."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from matrix_sim.config.yaml_document import KeyPath, Problem
from matrix_sim.errors import UsageError
from matrix_sim.text import clean_text

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_SECRET_NAME = re.compile(
    r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(_|$)", re.IGNORECASE
)


def read_environment(folders: Collection[Path], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, and beneath it what the `.env` files of `folders` say, first folder first.

    Raises:
        UsageError: an `.env` file that cannot be read as UTF-8 text.
    """
    merged: dict[str, str] = dict(environ)
    for folder in folders:
        path = folder / ".env"
        if not path.is_file():
            continue
        try:
            # Not interpolated: that would read the process's own environment behind our back.
            values = dotenv_values(path, interpolate=False, encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{path}: cannot be read; it must be a UTF-8 text file") from None
        for name, value in values.items():
            if value is not None:
                merged.setdefault(name, value)
    # A file with Windows line ends, sourced by a shell, leaves a carriage return on each value.
    return {name: value.strip() for name, value in merged.items()}


def expand(
    value: Any, where: KeyPath, environment: Mapping[str, str], key_variables: Collection[str]
) -> tuple[Any, list[Problem]]:
    """Put the environment's values where strings say `${NAME}` or `${NAME:-default}`.

    A variable that holds a key has no place in a config: what a config says is written into the
    run directory. `key_variables` names those that `api_key_env` names; others are known by a
    name such as `..._TOKEN`.

    Returns:
        The new value, and what could not be expanded (left as it was).
    """
    problems: list[Problem] = []

    def reference(match: re.Match[str]) -> str:
        parts = _NAME.fullmatch(match[1])
        if parts is None:
            what = f"'{match[0]}' is no variable; write ${{NAME}} or ${{NAME:-default}}"
            problems.append(Problem(where, what))
            return match[0]
        name, default = parts.groups()
        if name in key_variables or _SECRET_NAME.search(name):
            what = (
                f"{name} holds a key, and what a config says is written down; "
                f"give the name instead: api_key_env: {name}"
            )
            problems.append(Problem(where, what))
            return match[0]
        found = environment.get(name)
        if default is not None:
            return found or default
        if found is None:
            what = (
                f"the environment variable {name} is not set; set it, put it into .env, "
                f"or write ${{{name}:-default}}"
            )
            problems.append(Problem(where, what))
            return match[0]
        return found

    if isinstance(value, dict):
        pairs = {k: expand(v, (*where, k), environment, key_variables) for k, v in value.items()}
        return {k: v for k, (v, _) in pairs.items()}, [p for _, ps in pairs.values() for p in ps]
    if isinstance(value, list):
        items = [expand(v, (*where, i), environment, key_variables) for i, v in enumerate(value)]
        return [v for v, _ in items], [p for _, ps in items for p in ps]
    if not isinstance(value, str):
        return value, []
    expanded = _REFERENCE.sub(reference, value)
    if clean_text(expanded)[1]:
        problems.append(Problem(where, "holds a character that cannot be stored; remove it"))
    return expanded, problems
