"""Attributes that no value of a template's variables can have, found before anything is rendered.

Rendering would find them too, but only in the branches that are taken, and only when they are.
The template's syntax tree is walked with the kinds of its variables in hand, through loops, `set`
and the filters that keep or pick items. Where a kind is not known nothing is said, and nothing
about what a template itself asks of (`is defined`, `default`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jinja2 import nodes
from jinja2.runtime import LoopContext

from matrix_sim.prompts.kinds import Kind, Plain, Row, Sequence, common, item_of, kind_of

Scope = dict[str, Kind]

_KEEPING = frozenset(
    {"list", "sort", "select", "reject", "selectattr", "rejectattr", "unique", "reverse"}
)
"""Filters that give some of the items, in some order."""
_PICKING = frozenset({"first", "last", "min", "max"})
"""Filters that give one item."""
_ATTRIBUTE_FIRST = frozenset({"selectattr", "rejectattr", "groupby", "sum"})
"""Filters whose first argument names an attribute of the items."""
_ASKING = frozenset({"default", "d"})
_ASKING_TESTS = frozenset({"defined", "undefined"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that would fail whenever it is rendered."""

    line: int
    what: str


def mistakes_in(tree: nodes.Template, variables: Mapping[str, Any]) -> Iterator[Mistake]:
    """Every attribute that is not there, and every row that is taken apart into a wrong number.

    Args:
        tree: of a template that uses no other names than those of `variables`.
        variables: with their types.
    """
    walk = _Walk(tree)
    walk.statements(tree.body, {name: kind_of(hint) for name, hint in variables.items()})
    yield from sorted(walk.found, key=lambda mistake: mistake.line)


def _asked(tree: nodes.Template) -> Iterator[nodes.Expr | None]:
    """What the template asks whether it is there."""
    yield from (ask.node for ask in tree.find_all(nodes.Filter) if ask.name in _ASKING)
    yield from (ask.node for ask in tree.find_all(nodes.Test) if ask.name in _ASKING_TESTS)


class _Walk:
    """One pass over a template; kinds come back from every expression."""

    def __init__(self, tree: nodes.Template) -> None:
        # A list: nodes that read the same are equal, wherever they stand, but hash by identity.
        self._asked = list(_asked(tree))
        self._set = [name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"]
        self.found: list[Mistake] = []

    def statements(self, body: list[nodes.Node], scope: Scope) -> None:
        """Walk a block; what it sets stays in `scope`."""
        for statement in body:
            match statement:
                case nodes.For():
                    self._loop(statement, scope)
                case nodes.If():
                    self._branches(statement, scope)
                case nodes.Assign():
                    self._bind(statement.target, self.kind(statement.node, scope), scope)
                case nodes.AssignBlock():
                    self._inner(statement.body, scope)
                    self._bind(statement.target, None, scope)
                case nodes.With():
                    kinds = [self.kind(value, scope) for value in statement.values]
                    inner = dict(scope)
                    for target, kind in zip(statement.targets, kinds, strict=True):
                        self._bind(target, kind, inner)
                    self.statements(statement.body, inner)
                case nodes.Macro() | nodes.CallBlock():
                    if isinstance(statement, nodes.CallBlock):
                        self.kind(statement.call, scope)
                    # It is called later, when what the template sets may be something else.
                    unknown = [*self._set, *(argument.name for argument in statement.args)]
                    self.statements(statement.body, scope | dict.fromkeys(unknown))
                case nodes.Output():
                    for expression in statement.nodes:
                        self.kind(expression, scope)
                case _:
                    self._inner(list(statement.iter_child_nodes()), scope)

    def _inner(self, body: list[nodes.Node], scope: Scope) -> None:
        inner = dict(scope)
        for node in body:
            if isinstance(node, nodes.Expr):
                self.kind(node, inner)
            else:
                self.statements([node], inner)

    def _loop(self, loop: nodes.For, scope: Scope) -> None:
        kind = self.kind(loop.iter, scope)
        inner = scope | {"loop": Plain(LoopContext)}
        self._bind(loop.target, item_of(kind), inner)
        if loop.test is not None:
            self.kind(loop.test, inner)
        self.statements(loop.body, inner)
        self._inner(loop.else_, scope)

    def _branches(self, choice: nodes.If, scope: Scope) -> None:
        branches = [(choice.test, choice.body)]
        branches += [(other.test, other.body) for other in choice.elif_]
        ends = []
        for test, body in branches:
            self.kind(test, scope)
            ends.append(dict(scope))
            self.statements(body, ends[-1])
        ends.append(dict(scope))
        self.statements(choice.else_, ends[-1])
        # A branch sets names for what follows it; any of them may be the one that is taken.
        for name in [name for end in ends for name in end]:
            kinds = [end.get(name) for end in ends]
            scope[name] = kinds[0] if all(kind == kinds[0] for kind in kinds) else None

    def _bind(self, target: nodes.Node, kind: Kind, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = kind
        elif isinstance(target, nodes.Tuple):
            parts: list[Kind] = [None] * len(target.items)
            if isinstance(kind, Row):
                if len(kind.items) == len(target.items):
                    parts = list(kind.items)
                else:
                    have, want = len(kind.items), len(parts)
                    self._mistake(target, f"there are {have} values here for {want} names")
            for part, one in zip(target.items, parts, strict=True):
                self._bind(part, one, scope)

    # Expressions

    def kind(self, node: nodes.Node, scope: Scope) -> Kind:
        """The kind of an expression, everything in it looked at."""
        match node:
            case nodes.Name():
                return scope.get(node.name)
            case nodes.Getattr():
                return self._attribute(node, node.attr, self.kind(node.node, scope))
            case nodes.Getitem():
                return self._item(node, scope)
            case nodes.Filter() if node.node is not None:
                return self._filtered(node, self.kind(node.node, scope), scope)
            case nodes.CondExpr():
                self.kind(node.test, scope)
                one = self.kind(node.expr1, scope)
                return common(one, self.kind(node.expr2, scope)) if node.expr2 else None
            case nodes.And() | nodes.Or():
                return common(self.kind(node.left, scope), self.kind(node.right, scope))
        for child in node.iter_child_nodes():
            self.kind(child, scope)
        return None

    def _attribute(self, node: nodes.Expr, name: str, kind: Kind) -> Kind:
        if kind is None:
            return None
        there, inner = kind.attribute(name)
        if not there and node not in self._asked:
            self._mistake(node, _missing(getattr(node, "node", None), name, kind))
        return inner

    def _item(self, node: nodes.Getitem, scope: Scope) -> Kind:
        kind = self.kind(node.node, scope)
        if isinstance(node.arg, nodes.Slice):
            self.kind(node.arg, scope)
            return kind if isinstance(kind, Sequence) else None
        if isinstance(node.arg, nodes.Const):
            place = node.arg.value
            if isinstance(place, str):
                return self._attribute(node, place, kind)
            if isinstance(kind, Row) and isinstance(place, int) and abs(place) < len(kind.items):
                return kind.items[place]
        self.kind(node.arg, scope)
        return kind.item if isinstance(kind, Sequence) else None

    def _filtered(self, node: nodes.Filter, kind: Kind, scope: Scope) -> Kind:
        for argument in (*node.args, *(pair.value for pair in node.kwargs)):
            self.kind(argument, scope)
        item = item_of(kind)
        for path in _attributes_named(node):
            item = item_of(kind)
            for part in path.strip().split("."):
                item = None if part.isdigit() else self._part(node, part, item)
        if node.name in _KEEPING:
            return kind
        if node.name in _PICKING:
            return item_of(kind)
        return Sequence(item) if node.name == "map" and not node.args else None

    def _part(self, node: nodes.Filter, name: str, kind: Kind) -> Kind:
        if kind is None:
            return None
        there, inner = kind.attribute(name)
        if not there and not _asks(node):
            self._mistake(node, _missing(None, name, kind))
        return inner

    def _mistake(self, node: nodes.Node, what: str) -> None:
        self.found.append(Mistake(node.lineno, what))


def _attributes_named(node: nodes.Filter) -> list[str]:
    """The attributes of the items that a filter is told to look at, if they are written out."""
    given = next((pair.value for pair in node.kwargs if pair.key == "attribute"), None)
    if given is None and node.name in _ATTRIBUTE_FIRST and node.args:
        given = node.args[0]
    written = given.value if isinstance(given, nodes.Const) else None
    return written.split(",") if isinstance(written, str) else []


def _asks(node: nodes.Filter) -> bool:
    """Whether the filter has something for items without the attribute."""
    tests = [given.value for given in node.args[1:2] if isinstance(given, nodes.Const)]
    return any(test in _ASKING_TESTS for test in tests) or any(
        pair.key == "default" for pair in node.kwargs
    )


def _missing(owner: nodes.Node | None, name: str, kind: Plain | Sequence | Row) -> str:
    """That something has no such attribute, and which one may have been meant."""
    place = _written(owner)
    before = f"{place}." if place else ""
    said = f"there is no '{before}{name}'"
    if isinstance(kind, Sequence):
        return f"{said}: '{place}' is a list, go through it with 'for'" if place else said
    if isinstance(kind, Row):
        return f"{said}: a row of {len(kind.items)} values has no names, only places"
    if close := get_close_matches(name, kind.names or kind.public, n=1):
        return f"{said}; did you mean '{before}{close[0]}'?"
    if kind.names:
        return f"{said}; there are {', '.join(kind.names)}"
    return f"{said}: it is text" if kind.type is str else said


def _written(node: nodes.Node | None) -> str:
    """A chain of names as it was written; empty for anything else."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr) and (before := _written(node.node)):
        return f"{before}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        before = _written(node.node)
        return f"{before}[{node.arg.value!r}]" if before else ""
    return ""
