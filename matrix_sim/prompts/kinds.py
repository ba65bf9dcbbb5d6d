"""What kind of value something in a template is, as far as the catalogue's types tell.

`None` stands for a kind that is not known: nothing is ever said about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Plain:
    """A value of one class."""

    type: type

    def attribute(self, name: str) -> tuple[bool, Kind]:
        """Whether it has this attribute, and what kind that is."""
        hint = _hints(self.type).get(name)
        if hint is not None:
            return True, kind_of(hint)
        # Not `hasattr`: the class of an enum denies what each of its members has.
        there = any(name in vars(base) for base in self.type.__mro__)
        return there and not name.startswith("_"), None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that it has, in their order; of `str` and its like, none."""
        return tuple(_hints(self.type))

    @property
    def public(self) -> tuple[str, ...]:
        """All that may be asked of it, methods too."""
        return tuple(name for base in self.type.__mro__ for name in vars(base) if name[0] != "_")


@dataclass(frozen=True, slots=True)
class Sequence:
    """Any number of values of one kind."""

    item: Kind

    def attribute(self, name: str) -> tuple[bool, Kind]:
        """Whether a list has this attribute."""
        return Plain(tuple).attribute(name)


@dataclass(frozen=True, slots=True)
class Row:
    """Some values in a fixed order."""

    items: tuple[Kind, ...]

    def attribute(self, name: str) -> tuple[bool, Kind]:
        """Whether a list has this attribute."""
        return Plain(tuple).attribute(name)


Kind = Plain | Sequence | Row | None


def kind_of(hint: Any) -> Kind:
    """The kind that a type stands for; of `X | None` that of X, since the rest has no attributes.

    Other unions and what is not listed here are not known.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        rest = [argument for argument in arguments if argument is not NoneType]
        return kind_of(rest[0]) if len(rest) == 1 else None
    if origin in (list, tuple) and (origin is list or arguments[-1:] == (Ellipsis,)):
        return Sequence(kind_of(arguments[0]))
    if origin is tuple:
        return Row(tuple(kind_of(argument) for argument in arguments))
    return Plain(hint) if isinstance(hint, type) and origin is None else None


def item_of(kind: Kind) -> Kind:
    """What a loop over it gives."""
    if isinstance(kind, Sequence):
        return kind.item
    if isinstance(kind, Row) and len(set(kind.items)) == 1:
        return kind.items[0]
    return None


def common(one: Kind, other: Kind) -> Kind:
    """The kind of what is either the one or the other."""
    return one if one == other else None


@cache
def _hints(type_: type) -> dict[str, Any]:
    # Of a built-in class they would say nothing: its attributes carry no annotations.
    if type_.__module__ == "builtins":
        return {}
    return {n: hint for n, hint in get_type_hints(type_).items() if not n.startswith("_")}
