"""A reader that anonymises before anybody sees a persona, and whose errors quote nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from matrix_sim.canonical import content_hash
from matrix_sim.config import Language
from matrix_sim.config.personas import FieldsConfig
from matrix_sim.personas.anonymise import KnownNames, anonymised
from matrix_sim.personas.fields import Fields
from matrix_sim.personas.pseudonym import pseudonym
from matrix_sim.personas.reader import PersonaReader, ReadPersona
from matrix_sim.personas.rows import Row, RowError, Schema

T = TypeVar("T")

_KEY_DIGITS = 32


class AnonymisingReader:
    """Reads as another reader does and takes out what the rules find (a `PersonaReader`).

    The same rows are chosen as without it. What tells rows apart may be an account name: it goes
    no further than the choice, and a persona's id is a hash of what it says once it is anonymised.
    Its name is made up, so that the others can tell people apart.
    """

    def __init__(self, inner: PersonaReader, fields: FieldsConfig, language: Language) -> None:
        """`fields` say in which columns account names stand.

        What stands in place of what was found, and the made-up names, are in `language`.
        """
        self._inner = inner
        self._handles = fields.handle.columns if fields.handle is not None else ("handle",)
        self._language = language
        self.uses: Mapping[str, tuple[str, ...]] = {**inner.uses, "handle": self._handles}
        schema = inner.schema
        self.schema = Schema(
            schema.name, schema.columns, (*schema.further, *self._handles), private=True
        )

    def key(self, row: Row) -> str:
        """What tells the row apart, account names included; see `PersonaReader.key`."""
        key, handles = _privately(lambda: (self._inner.key(row), self._handles_of(row)))
        return content_hash([key, handles])[:_KEY_DIGITS] if handles else key

    def read(self, row: Row) -> ReadPersona:
        """The persona of a row without what the rules find; see `PersonaReader.read`."""
        read = _privately(lambda: self._inner.read(row))
        known = KnownNames(read.persona.name, _privately(lambda: self._handles_of(row)))
        clean = anonymised(read.persona, known, self._language)
        own = " ".join((known.name, *known.handles)).strip()
        made_up = pseudonym(clean.persona, own, self._language)
        persona = clean.persona.model_copy(update={"name": made_up})
        return replace(
            read, persona=persona, anonymised=clean.counts, id_made=False, nameless=not own
        )

    def _handles_of(self, row: Row) -> tuple[str, ...]:
        fields = Fields(row)
        return tuple(text for path in self._handles for text in fields.paragraphs(path))


def _privately(read: Callable[[], T]) -> T:
    """What `read` gives, or a refusal that holds nothing of what the row says."""
    try:
        return read()
    except RowError as error:
        refusal = RowError(
            error.place,
            f"{error.reason}; correct or remove the row (it is not quoted: it may name a person)",
            error.reason,
        )
    # Here, and not where the other one is caught: that one would come along with it.
    raise refusal
