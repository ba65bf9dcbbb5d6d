"""JSON schemas for structured replies, in the dialect that strict endpoints accept.

That is: objects closed and with every property required, definitions in place, an enumeration
where a single value is allowed, and none of the texts that were written for programmers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from pydantic import BaseModel

from matrix_sim.llm.contracts import Schema

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FOR_PROGRAMMERS = frozenset({"title", "description", "default", "$defs"})

Choices = Mapping[str, tuple[str | int, ...]]


def schema_of(model: type[BaseModel], name: str, **enum_overrides: Sequence[str | int]) -> Schema:
    """The schema of `model`, its properties in the order in which they are declared.

    Args:
        model: what the reply is read as.
        name: letters, digits, `_` and `-`, at most 64.
        **enum_overrides: by property, at whatever depth, the only values it may take; of a
            list, those of its items. A list with nothing to choose from has to be empty.

    Raises:
        ValueError: the name is none, `model` has no such property, a property that is no list
            has nothing to choose from, or the model contains itself.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"schema name {name!r}: 1 to 64 letters, digits, '_' and '-'")
    choices = tuple((prop, tuple(values)) for prop, values in enum_overrides.items())
    return Schema(name, _encoded(model, choices))


@lru_cache(maxsize=4096)
def _encoded(
    model: type[BaseModel], choices: tuple[tuple[str, tuple[str | int, ...]], ...]
) -> bytes:
    schema = model.model_json_schema()
    writer = _Writer(schema.get("$defs", {}), dict(choices))
    written = writer.write(schema, ())
    if writer.unused:
        raise ValueError(f"{model.__name__} has no property {', '.join(writer.unused)}")
    return orjson.dumps(written)


class _Writer:
    """Rewrites the schema of one model."""

    def __init__(self, definitions: dict[str, Any], choices: Choices) -> None:
        self._definitions = definitions
        self._choices = choices
        self.unused = dict(choices)
        """Choices for which no property was found yet."""

    def write(self, node: dict[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
        """`node` rewritten; `inside` names the definitions that it is part of."""
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            if name in inside:
                raise ValueError(f"{name} contains itself; no strict schema says that")
            return self.write(self._definitions[name], (*inside, name))
        out: dict[str, Any] = {}
        for key, value in node.items():
            if key == "properties":
                out[key] = {p: self._property(p, v, inside) for p, v in value.items()}
            elif key == "const":
                out["enum"] = [value]
            elif key in ("anyOf", "prefixItems"):
                out[key] = [self.write(branch, inside) for branch in value]
            elif key == "items":
                out[key] = self.write(value, inside)
            elif key not in _FOR_PROGRAMMERS:
                out[key] = value
        if "properties" in out:
            out["required"] = list(out["properties"])
            out["additionalProperties"] = False
        return out

    def _property(self, name: str, node: dict[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
        out = self.write(node, inside)
        if name not in self._choices:
            return out
        self.unused.pop(name, None)
        values = self._choices[name]
        chosen = next((b for b in out.get("anyOf", ()) if b.get("type") != "null"), out)
        if chosen.get("type") == "array":
            if values:
                chosen["items"] = {**chosen["items"], "enum": list(values)}
            else:
                chosen["maxItems"] = 0
        elif values:
            chosen["enum"] = list(values)
        else:
            raise ValueError(f"property {name!r} has nothing to choose from")
        return out
