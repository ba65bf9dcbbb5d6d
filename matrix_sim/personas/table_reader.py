"""Rows of any table as personas, by a mapping of columns to attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matrix_sim.canonical import content_hash
from matrix_sim.config.personas import FieldConfig, FieldsConfig
from matrix_sim.personas.fields import Fields
from matrix_sim.personas.model import Persona
from matrix_sim.personas.reader import ReadPersona
from matrix_sim.personas.rows import Row, RowError, Schema

_ID_DIGITS = 32
"""Of the SHA-256 of a row without an id: two different rows will not share them."""


class TableReader:
    """Reads rows of a table as `fields` of the config say.

    An attribute without an entry takes the column of its own name, where there is one. A row
    without an id gets a hash of its attributes: the same in every format, order and shard.
    """

    def __init__(self, fields: FieldsConfig) -> None:
        entries = {name: getattr(fields, name) for name in Persona.model_fields}
        self._id_is_mapped = fields.id is not None
        self._entries: dict[str, FieldConfig] = {
            name: entry or FieldConfig(columns=(name,)) for name, entry in entries.items()
        }
        self.uses = {name: entry.columns for name, entry in self._entries.items()}
        paths = tuple(dict.fromkeys(path for paths in self.uses.values() for path in paths))
        self.schema = Schema(name="a table", columns=(), further=paths)

    def key(self, row: Row) -> str:
        """The row's id, or a hash of its attributes; see `PersonaReader.key`."""
        fields = Fields(row)
        return self._own_id(fields) or _hash_of(
            {name: self._tolerant(name, fields) for name in _VALUES}
        )

    def read(self, row: Row) -> ReadPersona:
        """The persona of a row; see `PersonaReader.read`."""
        fields = Fields(row)
        own_id = self._own_id(fields)
        values = {name: value(fields, self._entries[name]) for name, value in _VALUES.items()}
        if not values["description"]:
            raise fields.empty(", ".join(self.uses["description"]))
        persona = Persona(id=own_id or _hash_of(values), **values)
        return ReadPersona(persona, fields.replaced, id_made=not own_id)

    def _own_id(self, fields: Fields) -> str:
        own_id = _joined(fields, self._entries["id"])
        if not own_id and self._id_is_mapped:
            raise fields.empty(", ".join(self.uses["id"]))
        return own_id

    def _tolerant(self, name: str, fields: Fields) -> Any:
        # What cannot be read still tells rows apart: only a chosen row has to be good.
        entry = self._entries[name]
        try:
            return _VALUES[name](fields, entry)
        except RowError:
            return [fields.raw(path) for path in entry.columns]


def _hash_of(values: Mapping[str, Any]) -> str:
    return content_hash(values)[:_ID_DIGITS]


def _joined(fields: Fields, entry: FieldConfig) -> str:
    return " ".join(fields.texts(entry.columns)) or (entry.default or "")


def _description(fields: Fields, entry: FieldConfig) -> str:
    return "\n".join(fields.texts(entry.columns)) or (entry.default or "")


def _age(fields: Fields, entry: FieldConfig) -> int | None:
    ages = (fields.age(path) for path in entry.columns)
    found = next((age for age in ages if age is not None), None)
    return int(entry.default) if found is None and entry.default else found


def _listed(fields: Fields, entry: FieldConfig) -> tuple[str, ...]:
    lists = (fields.listed(path, entry.separator) for path in entry.columns)
    return tuple(item for items in lists for item in items) or _default_item(entry)


def _paragraphs(fields: Fields, entry: FieldConfig) -> tuple[str, ...]:
    lists = (fields.paragraphs(path, entry.separator) for path in entry.columns)
    return tuple(item for items in lists for item in items) or _default_item(entry)


def _default_item(entry: FieldConfig) -> tuple[str, ...]:
    return (entry.default,) if entry.default else ()


_VALUES: Mapping[str, Callable[[Fields, FieldConfig], Any]] = {
    "name": _joined,
    "age": _age,
    "sex": _joined,
    "marital_status": _joined,
    "education": _joined,
    "occupation": _joined,
    "region": _joined,
    "description": _description,
    "details": _paragraphs,
    "interests": _listed,
    "skills": _listed,
    "posts": _paragraphs,
}
"""How the value of each attribute is made; all but the id."""
