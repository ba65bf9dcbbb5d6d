"""Any schema is filled with what it allows."""

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix_sim.llm.contracts import Address, Message, Request, Role, Schema
from matrix_sim.llm.stub.filling import shape_of
from matrix_sim.llm.stub.replies import StubWriter

NESTED = {
    "$defs": {
        "Part": {
            "type": "object",
            "properties": {
                "title": {"type": "string", "maxLength": 12},
                "kind": {"const": "part"},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
                "parent": {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}]},
            },
            "required": ["title", "kind", "parts", "parent"],
        },
        "Mood": {"enum": ["晴れ", "曇り", "雨"]},
    },
    "type": "object",
    "properties": {
        "reason": {"type": "string", "minLength": 200},
        "score": {"type": "integer", "minimum": 1, "maximum": 10},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
        "ok": {"type": "boolean"},
        "moods": {"type": "array", "items": {"$ref": "#/$defs/Mood"}, "maxItems": 2},
        "either": {"type": ["string", "null"]},
        "root": {"$ref": "#/$defs/Part"},
        "lines": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 12,
            "uniqueItems": True,
        },
    },
}
NESTED["required"] = list(NESTED["properties"])


def filled(schema: dict, number: int = 0) -> object:
    message = Message("user", "<persona>\n好きなこと：船釣り、魚拓、写真撮影\n</persona>")
    shape = Schema("any", orjson.dumps(schema))
    request = Request(Address(f"any/{number}"), Role.AGENT, (message,), 4096, shape)
    return orjson.loads(StubWriter(7, "ja").write(request))


def leaves() -> st.SearchStrategy:
    whole = st.tuples(st.integers(-50, 50), st.integers(0, 20)).map(
        lambda p: {"type": "integer", "minimum": p[0], "maximum": p[0] + p[1]}
    )
    number = st.floats(-10, 10).map(lambda x: {"type": "number", "minimum": x, "maximum": x + 1})
    text = st.integers(0, 30).map(lambda n: {"type": "string", "minLength": n, "maxLength": n + 9})
    enum = st.lists(st.text(min_size=1), min_size=1, unique=True).map(lambda v: {"enum": v})
    plain = st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": 3}, {}])
    return st.one_of(whole, number, text, enum, plain)


def branches(inner: st.SearchStrategy) -> st.SearchStrategy:
    names = st.sampled_from(["action", "effect", "plan", "routes", "next_step", "名前", "x"])
    objects = st.dictionaries(names, inner, max_size=4).map(
        lambda p: {"type": "object", "properties": p, "required": sorted(p)}
    )
    arrays = st.tuples(inner, st.integers(0, 4), st.integers(0, 4)).map(
        lambda p: {"type": "array", "items": p[0], "minItems": p[1], "maxItems": p[1] + p[2]}
    )
    unions = st.lists(inner, min_size=1, max_size=3).map(lambda v: {"anyOf": v})
    return st.one_of(objects, arrays, unions)


@settings(max_examples=200, deadline=None)
@given(st.recursive(leaves(), branches, max_leaves=8))
def test_a_filled_schema_is_valid(schema: dict):
    jsonschema.validate(filled(schema), schema)


@pytest.mark.parametrize("number", range(20))
def test_definitions_recursion_and_bounds_are_honoured(number: int):
    jsonschema.validate(filled(NESTED, number), NESTED)


def test_a_reference_to_nothing_is_an_error():
    with pytest.raises(ValueError, match="#/\\$defs/Gone"):
        shape_of(b'{"$ref": "#/$defs/Gone"}')
