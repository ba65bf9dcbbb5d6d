#!/usr/bin/env python3
"""Writes the tables of docs/config.md from `matrix_sim.config`: keys, values, defaults, meanings.

    .venv/bin/python scripts/make_config_reference.py [PAGE]

What stands above the marker in the page is written by hand and kept.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from matrix_sim.config import RunConfig
from matrix_sim.config.problems import wanted
from matrix_sim.config.yaml_document import KeyPath, dotted

PAGE = Path(__file__).resolve().parents[1] / "docs" / "config.md"
MARKER = "<!-- Below: written by scripts/make_config_reference.py; change matrix_sim/config/ -->"
_ALIKE = {"models.default": "models.ROLE", "personas.fields.id": "personas.fields.NAME"}
"""Sections whose like have the same keys: one is shown for all, under this name."""


def with_tables(page: str) -> str:
    """The page with what follows the marker made anew.

    Raises:
        ValueError: the page has no marker, or a key has no meaning.
    """
    by_hand, marker, _ = page.partition(MARKER)
    if not marker:
        raise ValueError(f"the page has no line {MARKER!r}: put it where the tables begin")
    sections = list(_sections((), RunConfig))
    tables = [_table(where, model, _meanings(model)) for where, model in sections]
    return "\n\n".join([by_hand + marker, *tables]) + "\n"


def docstrings_under_fields(source: str) -> dict[tuple[str, str], str]:
    """Per (class, field) the text that stands under the field, on one line."""
    found = {}
    for section in ast.parse(source).body:
        if isinstance(section, ast.ClassDef):
            for field, text in zip(section.body, section.body[1:], strict=False):
                match field, text:
                    case (
                        ast.AnnAssign(target=ast.Name(id=name)),
                        ast.Expr(value=ast.Constant(value=str(said))),
                    ):
                        found[section.name, name] = " ".join(said.split())
    return found


def _meanings(model: type[BaseModel]) -> dict[tuple[str, str], str]:
    return docstrings_under_fields(inspect.getsource(sys.modules[model.__module__]))


def _sections(where: KeyPath, model: type[BaseModel]) -> Iterator[tuple[KeyPath, type[BaseModel]]]:
    """The mappings of a config, each kind once, outermost first."""
    yield where, model
    seen = set()
    for name, field in _fields(model):
        inner = _section_of(field)
        if inner is not None and inner not in seen:
            seen.add(inner)
            yield from _sections((*where, name), inner)


def _table(where: KeyPath, model: type[BaseModel], meanings: dict[tuple[str, str], str]) -> str:
    name = _shown(where)
    rows = [
        f"| `{key}` | {_values((*where, key), field)} | {_default(field)} "
        f"| {_cell(_meaning(model, key, meanings))} |"
        for key, field in _fields(model)
    ]
    head = ["| key | value | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {f'`{name}`' if name else 'Top level'}", "", *head, *rows])


def _fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The keys that may be written: `exclude` marks what only the program fills in."""
    return [(n, f) for n, f in model.model_fields.items() if not f.exclude]


def _section_of(field: FieldInfo) -> type[BaseModel] | None:
    options: tuple[Any, ...] = get_args(field.annotation) or (field.annotation,)
    return next((o for o in options if inspect.isclass(o) and issubclass(o, BaseModel)), None)


def _values(where: KeyPath, field: FieldInfo) -> str:
    if _section_of(field) is None:
        return _cell(wanted(where))
    shown = _shown(where)
    if where[0] == "models" and len(where) == 2:
        shown = _ALIKE["models.default"]
    if where[:2] == ("personas", "fields") and len(where) == 3:
        shown = _ALIKE["personas.fields.id"]
    anchor = shown.lower().replace(".", "")
    return f"[`{shown}`](#{anchor})"


def _shown(where: KeyPath) -> str:
    name = dotted(where)
    for section, alike in _ALIKE.items():
        if name == section or name.startswith(f"{section}."):
            return name.replace(section, alike, 1)
    return name


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return "unset"
    if isinstance(default, BaseModel):
        default = default.model_dump(mode="json", exclude_defaults=True)
        if not default:
            return "see there"
    # YAML ends a plain value with a line of three dots.
    text = yaml.safe_dump(default, default_flow_style=True, width=1000).removesuffix("...\n")
    return f"`{text.strip()}`"


def _meaning(section: type[BaseModel], key: str, meanings: dict[tuple[str, str], str]) -> str:
    """What stands under the key, in the class or in one that it inherits from."""
    for of in section.__mro__:
        if (of.__name__, key) in meanings:
            return meanings[of.__name__, key]
    name = section.__name__
    raise ValueError(f"{name}.{key}: write what it means under it in matrix_sim/config/")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    page = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
