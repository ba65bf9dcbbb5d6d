"""The arguments that say which personas are meant, and what they come to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from matrix_sim.language import Language

if TYPE_CHECKING:
    from matrix_sim.config import PersonasConfig

_HUB = "hub:"

FileArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="CSV, JSONL or Parquet, a folder of such, or hub:OWNER/NAME of the Hugging Face hub.",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="CONFIG", help="Read FILE as `personas` of this config says."),
]
SourceOption = Annotated[
    Literal["nemotron", "table", "social"] | None,
    typer.Option("--source", help="Its schema; without it, what the columns look like."),
]
FieldOption = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=COLUMN",
        help="Which column makes which attribute, such as --field occupation=job; may be "
        "repeated. {columns: [tags], separator: ','} may stand for COLUMN.",
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    personas: PersonasConfig
    base_dir: Path
    """Where its relative paths start."""
    seed: int
    language: Language | None
    """The config's."""


def asked_for(
    file: str,
    config: Path | None,
    source: str | None,
    fields: Sequence[str],
    further: dict[str, Any] | None = None,
) -> Asked:
    """What the arguments say; a config's `personas` first, and over it what is given beside it.

    Args:
        file: a path, or `hub:OWNER/NAME`.
        config: a run's config.
        source: which schema; found out by the columns if neither this nor a config says.
        fields: `NAME=COLUMN` each.
        further: other keys of `personas`.

    Raises:
        UsageError: the config or an argument is wrong, or the file cannot be read.
    """
    from matrix_sim.config.file import load_config
    from matrix_sim.personas.inspection import detected, first_columns

    seed, language, given = 0, None, {}
    if config is not None:
        loaded = load_config(config, (), os.environ).config
        seed, language = loaded.seed, loaded.language
        if loaded.personas.source not in ("builtin", "sampler"):
            given = loaded.personas.model_dump(exclude_none=True, exclude={"path", "hub"})
    base_dir = Path.cwd()
    more = {key: value for key, value in (further or {}).items() if value is not None}
    given |= place_of(file) | more
    mapped = {**given.get("fields", {}), **_fields(fields)}
    if mapped:
        given["fields"] = mapped
    if source is not None:
        given["source"] = source
    elif "source" not in given:
        as_table = _checked({**given, "source": "table"})
        given["source"] = "table" if mapped else detected(first_columns(as_table, base_dir))
    return Asked(_checked(given), base_dir, seed, language)


def place_of(file: str) -> dict[str, Any]:
    """The entry of `personas` that says where a FILE is."""
    if file.startswith(_HUB):
        return {"hub": {"id": file.removeprefix(_HUB)}}
    return {"path": file}


def _fields(arguments: Sequence[str]) -> dict[str, Any]:
    from matrix_sim.config.personas import FieldsConfig
    from matrix_sim.config.problems import unknown_key
    from matrix_sim.config.yaml_document import parse_value
    from matrix_sim.errors import UsageError

    found: dict[str, Any] = {}
    for argument in arguments:
        name, equals, column = argument.partition("=")
        if not equals or not column:
            raise UsageError(f"--field {argument}: write NAME=COLUMN, such as occupation=job")
        if name not in FieldsConfig.model_fields:
            raise UsageError(f"--field {name}: {unknown_key(name, FieldsConfig.model_fields)}")
        if column.startswith(("{", "[")):
            found[name] = parse_value(column)
        else:
            earlier = found.get(name, [])
            found[name] = [*earlier, column] if isinstance(earlier, list) else [column]
    return found


def _checked(personas: dict[str, Any]) -> PersonasConfig:
    from pydantic import ValidationError

    from matrix_sim.config import RunConfig
    from matrix_sim.config.problems import validation_problems
    from matrix_sim.config.yaml_document import dotted
    from matrix_sim.errors import UsageError

    around = {"society": {"ticks": 1}, "models": {"default": {"stub": {}}}}
    try:
        return RunConfig.model_validate({"personas": personas, **around}).personas
    except ValidationError as error:
        problems = validation_problems(error)
        raise UsageError("; ".join(f"{dotted(p.where)}: {p.what}" for p in problems)) from None
