"""Schemas are what strict endpoints accept."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import jsonschema
import orjson
import pytest
from pydantic import BaseModel, Field

from matrix_sim.llm.schema import schema_of


class Effect(StrEnum):
    """Words for programmers."""

    KEEP = "keep"
    DONE = "done"


class Entry(BaseModel):
    """Words for programmers."""

    title: str
    to: list[str] = []
    chosen: str | None = None


class Shape(BaseModel):
    """Words for programmers."""

    zeal: Annotated[int, Field(ge=1, le=5)]
    effect: Effect = Effect.KEEP
    kind: Literal["only"]
    entries: list[Entry]


class Tree(BaseModel):
    branches: list[Tree]


def schema(**choices: Any) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(schema_of(Shape, "shape", **choices).json_schema)
    return read


def every_object(node: object) -> list[dict[str, Any]]:
    found = [node] if isinstance(node, dict) and node.get("type") == "object" else []
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return found + [o for child in children for o in every_object(child)]


def test_every_object_is_closed_and_requires_all_it_has() -> None:
    objects = every_object(schema())
    assert len(objects) == 2
    for each in objects:
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])


def test_properties_stay_in_the_order_in_which_they_are_declared() -> None:
    assert list(schema()["properties"]) == ["zeal", "effect", "kind", "entries"]


def test_a_property_may_be_called_as_a_keyword() -> None:
    assert schema()["properties"]["entries"]["items"]["properties"]["title"] == {"type": "string"}


def test_nothing_written_for_programmers_is_left_in_it() -> None:
    text = schema_of(Shape, "shape").json_schema
    for word in (b"programmers", b"$ref", b"$defs", b"default", b'"title":"', b"const"):
        assert word not in text


def test_what_bounds_a_value_is_kept() -> None:
    properties = schema()["properties"]
    assert (properties["zeal"]["minimum"], properties["zeal"]["maximum"]) == (1, 5)
    assert properties["effect"]["enum"] == ["keep", "done"]
    assert properties["kind"]["enum"] == ["only"]


def test_a_property_can_be_given_its_only_values_at_any_depth() -> None:
    entry = schema(to=("m1", "m2"), chosen=["m1"])["properties"]["entries"]["items"]
    assert entry["properties"]["to"]["items"] == {"type": "string", "enum": ["m1", "m2"]}
    assert entry["properties"]["chosen"]["anyOf"][0] == {"type": "string", "enum": ["m1"]}


def test_a_list_with_nothing_to_choose_from_has_to_be_empty() -> None:
    closed = schema(to=())
    whole = {"zeal": 1, "effect": "keep", "kind": "only"}
    entry = {"title": "x", "to": [], "chosen": None}
    jsonschema.validate(whole | {"entries": [entry]}, closed)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole | {"entries": [entry | {"to": ["m1"]}]}, closed)


def test_giving_values_to_one_schema_leaves_the_next_alone() -> None:
    before = schema_of(Shape, "shape")
    schema(to=("m1",))
    assert schema_of(Shape, "shape") == before


def test_mistakes_are_told() -> None:
    with pytest.raises(ValueError, match="nobody"):
        schema_of(Shape, "shape", nobody=("x",))
    with pytest.raises(ValueError, match="chosen"):
        schema_of(Shape, "shape", chosen=())
    with pytest.raises(ValueError, match="a name"):
        schema_of(Shape, "a name")
    with pytest.raises(ValueError, match="Tree"):
        schema_of(Tree, "tree")
