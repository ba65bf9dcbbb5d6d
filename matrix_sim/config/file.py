"""From a config file, `--set` and the environment to a `RunConfig`, or to what is wrong with it.

Everything that is wrong is said at once, each with its line and its dotted key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, TypeVar

import yaml
from pydantic import SecretStr, ValidationError

from matrix_sim.config import RunConfig
from matrix_sim.config.environment import expand, read_environment
from matrix_sim.config.keys import key_variables, read_keys
from matrix_sim.config.problems import validation_problems
from matrix_sim.config.quality import ContaminationCheckConfig
from matrix_sim.config.section import Section
from matrix_sim.config.yaml_document import (
    Document,
    KeyPath,
    Problem,
    dotted,
    parse_value,
    read_document,
    storable_problems,
)
from matrix_sim.errors import UsageError

S = TypeVar("S", bound=Section)
_NO_FILE = Path("the config")
"""Named where a config came from Python."""
_URL, _MODEL, _KEY = "OPENAI_BASE_URL", "OPENAI_MODEL_NAME", "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A config that holds what it needs, and where it came from."""

    config: RunConfig
    path: Path
    """The file, absolute."""
    base_dir: Path
    """Its folder, from which relative paths in the file start; in `config` they are absolute."""
    notes: tuple[str, ...] = ()
    """What the user should know about it."""


def load_config(path: Path, overrides: Sequence[str], environ: Mapping[str, str]) -> LoadedConfig:
    """Read a config file, apply `--set key=value` overrides and take in the environment.

    `.env` beside the config and in the working directory add to `environ`, and never replace
    what it holds. Without `models`, OPENAI_BASE_URL and OPENAI_MODEL_NAME make the default
    model. Keys, from the variables of `api_key_env` and the files of `api_key_file`, go into
    `RunConfig.secrets` and nowhere else.

    Raises:
        UsageError: with everything that is wrong with the file, the overrides or the environment.
    """
    return _resolved(read_document(path), path, path.absolute().parent, overrides, environ)


def load_values(
    values: Mapping[str, Any], overrides: Sequence[str], environ: Mapping[str, str]
) -> LoadedConfig:
    """A config from Python values, as `load_config` reads them from a file.

    Paths, tuples and other mappings are what strings, lists and dicts are in a file. Relative
    paths start from the current folder.

    Raises:
        UsageError: with everything that is wrong with the values or the environment.
    """
    plain = {key: _as_in_a_file(value) for key, value in values.items()}
    return _resolved(Document(plain, {}, ()), _NO_FILE, Path.cwd(), overrides, environ)


def with_environment(config: RunConfig, environ: Mapping[str, str]) -> LoadedConfig:
    """A config that is one already, with the keys of its endpoints from the environment.

    Raises:
        UsageError: a key that it names is not there or cannot be one.
    """
    here = Path.cwd()
    environment = read_environment((here,), environ)
    plain = config.model_dump(include={"models", "personas"}, exclude_none=True)
    keys = read_keys(plain, here, environment)
    if keys.problems:
        raise UsageError(_report(_NO_FILE, keys.problems, {}, ()))
    anchored = _anchored(config, here, keys.secrets)
    return LoadedConfig(anchored, here / _NO_FILE, here, keys.notes)


def _as_in_a_file(value: Any) -> Any:
    match value:
        case PurePath():
            return str(value)
        case Mapping():
            return {key: _as_in_a_file(item) for key, item in value.items()}
        case list() | tuple():
            return [_as_in_a_file(item) for item in value]
        case _:
            return value


def _resolved(
    document: Document,
    path: Path,
    base_dir: Path,
    overrides: Sequence[str],
    environ: Mapping[str, str],
) -> LoadedConfig:
    environment = read_environment((base_dir, Path.cwd()), environ)
    data: dict[str, Any] = document.data
    overridden: list[KeyPath] = []
    for override in overrides:
        where, value = _parse_override(override)
        data = _replaced(data, where, value, where)
        overridden.append(where)
    if data.get("models") is None:
        data = {**data, **_models_of_environment(environment)}

    problems = [*document.problems, *storable_problems(data, ())]
    data, unexpanded = expand(data, (), environment, set(key_variables(data).values()))
    keys = read_keys(data, base_dir, environment)
    problems += (*unexpanded, *keys.problems)
    if "secrets" in data:
        del data["secrets"]
        what = "unknown key; a key stays in the environment, api_key_env says under which name"
        problems.append(Problem(("secrets",), what))
    config = None
    try:
        config = RunConfig.model_validate(data)
    except ValidationError as error:
        # A key that already has its problem needs no second one that follows from it.
        told = {p.where for p in problems}
        problems += [p for p in validation_problems(error) if p.where not in told]
    if config is None or problems:
        raise UsageError(_report(path, problems, document.lines, overridden)) from None
    anchored = _anchored(config, base_dir, keys.secrets)
    return LoadedConfig(anchored, path.absolute(), base_dir, keys.notes)


def dump_config(config: RunConfig) -> str:
    """The config as YAML that `load_config` reads, without secrets and without what is unset."""
    plain = config.model_dump(mode="json", exclude_none=True)
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)


def _parse_override(override: str) -> tuple[KeyPath, Any]:
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise UsageError(
            f"--set {key}: write --set dotted.key=value, such as --set society.ticks=6"
        )
    try:
        return tuple(int(p) if p.isdecimal() else p for p in parts), parse_value(text)
    except ValueError as error:
        raise UsageError(f"--set {key}: the value is not YAML: {error}") from None


def _replaced(holder: Any, rest: KeyPath, value: Any, where: KeyPath) -> Any:
    """A copy of `holder` with `value` at `rest`; the original may be shared by YAML aliases."""
    if not rest:
        return value
    step, *further = rest
    if isinstance(holder, list):
        if not isinstance(step, int) or step > len(holder):
            raise UsageError(
                f"--set {dotted(where)}: '{step}' is no place in a list of {len(holder)}; "
                f"use 0 to {len(holder)}"
            )
        inner = holder[step] if step < len(holder) else None
        changed = _replaced(inner, tuple(further), value, where)
        return [*holder[:step], changed, *holder[step + 1 :]]
    if holder is not None and not isinstance(holder, dict):
        above = dotted(where[: len(where) - len(rest)])
        raise UsageError(f"--set {dotted(where)}: '{above}' is a single value; it holds no keys")
    held: dict[str, Any] = holder or {}
    return {**held, str(step): _replaced(held.get(str(step)), tuple(further), value, where)}


def _models_of_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    if not environment.get(_URL) or not environment.get(_MODEL):
        return {}
    default = {"base_url": environment[_URL], "model": environment[_MODEL]}
    if environment.get(_KEY):
        default["api_key_env"] = _KEY
    return {"models": {"default": default}}


def _anchored(config: RunConfig, base_dir: Path, secrets: Mapping[str, SecretStr]) -> RunConfig:
    """Relative paths are the config file's, wherever the command was given."""
    models = {
        role: _with_paths(model, base_dir, "gguf", "api_key_file")
        for role, model in config.models
        if model is not None
    }
    changes: dict[str, Any] = {
        "secrets": dict(secrets),
        "personas": _with_paths(config.personas, base_dir, "path", "like"),
        "quality": config.quality.model_copy(
            update={"contamination": _anchored_benchmarks(config.quality.contamination, base_dir)}
        ),
        "models": config.models.model_copy(update=models),
    }
    contamination = config.quality.contamination
    benchmarks = tuple(base_dir / path.expanduser() for path in contamination.benchmarks)
    changes["quality"] = config.quality.model_copy(
        update={"contamination": contamination.model_copy(update={"benchmarks": benchmarks})}
    )
    return _with_paths(config, base_dir, "prompts").model_copy(update=changes)


def _anchored_benchmarks(
    section: ContaminationCheckConfig, base_dir: Path
) -> ContaminationCheckConfig:
    paths = tuple(base_dir / path.expanduser() for path in section.benchmarks)
    return section.model_copy(update={"benchmarks": paths})


def _with_paths(section: S, base_dir: Path, *fields: str) -> S:
    """A section whose paths in these fields, where they are set, start from `base_dir`."""
    paths: dict[str, Path | None] = {field: getattr(section, field) for field in fields}
    anchored = {k: base_dir / path.expanduser() for k, path in paths.items() if path is not None}
    return section.model_copy(update=anchored)


def _report(
    path: Path,
    problems: Iterable[Problem],
    lines: Mapping[KeyPath, int],
    overridden: Sequence[KeyPath],
) -> str:
    told = sorted(problems, key=lambda p: lines.get(p.where, 0))
    said = [f"  {_place(p.where, lines, overridden)}: {p.what}" for p in told]
    return "\n".join([f"{path} cannot be used:", *said])


def _place(where: KeyPath, lines: Mapping[KeyPath, int], overridden: Sequence[KeyPath]) -> str:
    for override in overridden:
        made_by_it = where not in lines and override[: len(where)] == where
        if where[: len(override)] == override or (made_by_it and where):
            return f"--set {dotted(where)}"
    if not where:
        return "as a whole"
    known = [where[:n] for n in range(len(where), 0, -1) if where[:n] in lines]
    return f"line {lines[known[0]]}, {dotted(where)}" if known else dotted(where)
