"""Values for a JSON schema: the schema is read once into shapes, a `Hand` fills them.

Covers what structured replies use: objects, arrays with bounds, enums, constants, strings,
numbers with bounds, booleans, null, unions, `$defs` and `$ref`, also recursive ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import orjson

_DEEPEST = 6
"""Below this, recursive schemas get no optional or repeated parts."""
_USUAL_ITEMS = (1, 3)


class Hand(Protocol):
    """Who decides what is written into a field."""

    @property
    def full_stop(self) -> str:
        """What fills a text up to a length."""
        ...

    def text(self, field: str) -> str:
        """A text for the field."""
        ...

    def pick(self, field: str, options: Sequence[Any]) -> Any:
        """One of the allowed values."""
        ...

    def pick_some(self, field: str, options: Sequence[Any], least: int, most: int) -> list[Any]:
        """Different ones of the allowed values."""
        ...

    def texts(self, field: str, least: int, most: int) -> list[str]:
        """Different texts."""
        ...

    def whole(self, field: str, low: int, high: int) -> int:
        """A whole number within bounds."""
        ...

    def share(self, field: str) -> float:
        """Where between its bounds a number lies, 0 to 1."""
        ...

    def absent(self, field: str) -> bool:
        """Whether a field that may be null is null."""
        ...


class Shape(Protocol):
    """One node of a schema."""

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """A value that the node allows."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """Every named property, required or not."""

    properties: Mapping[str, Shape]

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """An object with all properties, in schema order."""
        return {name: shape.fill(name, hand, depth + 1) for name, shape in self.properties.items()}


@dataclass(frozen=True, slots=True)
class ArrayShape:
    """Items of one shape."""

    item: Shape
    least: int
    most: int | None

    def bounds(self, depth: int) -> tuple[int, int]:
        """How few and how many items make sense here."""
        if depth > _DEEPEST:
            return self.least, self.least
        low = max(self.least, _USUAL_ITEMS[0])
        high = max(low, _USUAL_ITEMS[1])
        return (min(low, self.most), min(high, self.most)) if self.most is not None else (low, high)

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """A list; of texts and choices, different ones."""
        low, high = self.bounds(depth)
        if isinstance(self.item, ChoiceShape):
            return hand.pick_some(field, self.item.options, low, high)
        if isinstance(self.item, TextShape):
            most = self.most if self.most is not None else max(low, 8)
            return [self.item.fit(text, hand) for text in hand.texts(field, low, max(low, most))]
        return [self.item.fill(field, hand, depth + 1) for _ in range(hand.whole(field, low, high))]


@dataclass(frozen=True, slots=True)
class ChoiceShape:
    """One of some values: an enum or a constant."""

    options: tuple[Any, ...]

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """One of them."""
        return hand.pick(field, self.options)


@dataclass(frozen=True, slots=True)
class TextShape:
    """A string within lengths."""

    least: int
    most: int | None

    def fit(self, text: str, hand: Hand) -> str:
        """`text`, padded or cut to the lengths."""
        if len(text) < self.least:
            text += hand.full_stop * (self.least - len(text))
        return text if self.most is None else text[: self.most]

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """A text that fits."""
        return self.fit(hand.text(field), hand)


@dataclass(frozen=True, slots=True)
class NumberShape:
    """A number within bounds."""

    low: float
    high: float
    whole: bool

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """A number of the right kind."""
        if self.whole:
            return hand.whole(field, int(self.low), int(self.high))
        drawn = round(self.low + hand.share(field) * (self.high - self.low), 6)
        return max(self.low, min(self.high, drawn))


@dataclass(frozen=True, slots=True)
class NullShape:
    """Nothing."""

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """Null."""
        return None


@dataclass(frozen=True, slots=True)
class UnionShape:
    """One of some shapes; null among them where `nullable`."""

    shapes: tuple[Shape, ...]
    nullable: bool

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """Null where it may be and the hand says so, else the drawn shape."""
        if self.nullable and (depth > _DEEPEST or not self.shapes or hand.absent(field)):
            return None
        shape = self.shapes[hand.whole(field, 0, len(self.shapes) - 1)]
        return (self.shapes[0] if depth > _DEEPEST else shape).fill(field, hand, depth)


@dataclass(slots=True)
class _Definition:
    """A named shape, known before it is read: definitions may refer to themselves."""

    shape: Shape = field(default_factory=NullShape)

    def fill(self, field: str, hand: Hand, depth: int) -> Any:
        """Whatever the definition turned out to be."""
        return self.shape.fill(field, hand, depth)


@lru_cache(maxsize=4096)
def shape_of(json_schema: bytes) -> Shape:
    """Read a schema.

    Raises:
        ValueError: it is not JSON, or it refers to a definition that it does not hold.
    """
    schema = orjson.loads(json_schema)
    return _Reader(schema).read(schema)


class _Reader:
    """Reads one schema document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._definitions: dict[str, _Definition] = {}

    def read(self, schema: Any) -> Shape:
        """The shape of one (sub)schema."""
        if not isinstance(schema, dict) or not schema:
            return TextShape(0, None)
        if "$ref" in schema:
            return self._refer(schema["$ref"])
        if "const" in schema:
            return ChoiceShape((schema["const"],))
        if "enum" in schema:
            return ChoiceShape(tuple(schema["enum"]))
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self._union(schema[key])
        if len(schema.get("allOf", ())) == 1:
            return self.read(schema["allOf"][0])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            return self._union([{**schema, "type": one} for one in kind])
        return self._typed(kind, schema)

    def _typed(self, kind: str, schema: dict[str, Any]) -> Shape:
        match kind:
            case "object":
                named = schema.get("properties", {})
                return ObjectShape({name: self.read(sub) for name, sub in named.items()})
            case "array":
                item = self.read(schema.get("items", {}))
                if isinstance(item, _Definition):
                    item = self._settled(item)
                return ArrayShape(item, schema.get("minItems", 0), schema.get("maxItems"))
            case "integer" | "number":
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return ChoiceShape((True, False))
            case "null":
                return NullShape()
            case _:
                return TextShape(schema.get("minLength", 0), schema.get("maxLength"))

    def _union(self, options: Sequence[Any]) -> Shape:
        shapes = [self.read(option) for option in options]
        rest = tuple(shape for shape in shapes if not isinstance(shape, NullShape))
        nullable = len(rest) < len(shapes)
        return rest[0] if len(rest) == 1 and not nullable else UnionShape(rest, nullable)

    def _refer(self, pointer: str) -> Shape:
        if pointer not in self._definitions:
            target: Any = self._document
            for part in pointer.removeprefix("#").split("/")[1:]:
                target = target.get(part) if isinstance(target, dict) else None
            if target is None:
                raise ValueError(f"the schema refers to {pointer}, which it does not hold")
            self._definitions[pointer] = definition = _Definition()
            definition.shape = self.read(target)
        return self._definitions[pointer]

    @staticmethod
    def _settled(definition: _Definition) -> Shape:
        """What it defines, where that is read already: lists of enums are seen as such."""
        return definition if isinstance(definition.shape, NullShape) else definition.shape


def _number(schema: dict[str, Any], *, whole: bool) -> NumberShape:
    step = 1.0 if whole else 1e-6
    low = schema.get("minimum", schema.get("exclusiveMinimum", -math.inf))
    high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
    if "exclusiveMinimum" in schema:
        low = max(low, schema["exclusiveMinimum"] + step)
    if "exclusiveMaximum" in schema:
        high = min(high, schema["exclusiveMaximum"] - step)
    if math.isinf(low):
        low = min(1, high - 9) if math.isfinite(high) else 1
    if math.isinf(high):
        high = low + 9
    if whole:
        low, high = math.ceil(low), math.floor(high)
    return NumberShape(low, high, whole)
