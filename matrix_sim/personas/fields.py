"""The fields of a row as a persona's values: text cleaned, lists and numbers parsed."""

from __future__ import annotations

import ast
from contextlib import suppress
from uuid import UUID

from matrix_sim.personas.rows import Row, RowError
from matrix_sim.text import clean_text, clip


class Fields:
    """Reads one row and counts the characters that had to be replaced on the way."""

    def __init__(self, row: Row, *, quoting: bool = True) -> None:
        """`quoting`: whether an error may show what a field holds."""
        self._row = row
        self._quoting = quoting
        self.replaced = 0
        """NUL and lone surrogates replaced in what was read so far."""

    def text(self, name: str) -> str:
        """A text without surrounding white space; empty where the row has none.

        Raises:
            RowError: the field holds something other than text.
        """
        value = self._row.fields.get(name)
        if value is None:
            return ""
        return self._cleaned(name, value)

    def required_text(self, name: str) -> str:
        """A text that is not empty.

        Raises:
            RowError: the field is empty or holds something other than text.
        """
        text = self.text(name)
        if not text:
            raise RowError(self._row.place, f"{name!r} is empty; fill it in or remove the row")
        return text

    def texts(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The texts of several fields, those left out that are empty."""
        return tuple(text for name in names if (text := self.text(name)))

    def whole_number(self, name: str) -> int | None:
        """A whole number, written 49 or 49.0; None where the row has none.

        Raises:
            RowError: the field holds something else.
        """
        value = self._row.fields.get(name)
        text = repr(value) if isinstance(value, float) else self.text(name)
        if not text:
            return None
        with suppress(ValueError):
            return int(text.removesuffix(".0"))
        # Here, and not where it is caught: that error holds the text.
        problem = f"{name!r} is {self._shown(text)}, not a whole number; correct it"
        raise RowError(self._row.place, problem)

    def listed(self, name: str) -> tuple[str, ...]:
        """A list of texts: a real list, or a text that holds a Python list.

        Raises:
            RowError: the field is neither.
        """
        value = self._row.fields.get(name)
        if isinstance(value, str):
            text = self.text(name)
            value = self._literal(name, text) if text else []
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise self._no_list(name, value)
        items = (self._cleaned(name, item) for item in value)
        return tuple(item for item in items if item)

    def _cleaned(self, name: str, value: object) -> str:
        # A CSV has no types, so 1 in JSON or Parquet must mean what "1" means there.
        if isinstance(value, bool) or not isinstance(value, str | int | UUID):
            raise RowError(
                self._row.place,
                f"{name!r} holds {self._shown(value)}, which is no text; correct it",
            )
        text, replaced = clean_text(str(value))
        self.replaced += replaced
        return text.strip()

    def _literal(self, name: str, text: str) -> object:
        with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            value: object = ast.literal_eval(text)
            return value
        raise self._no_list(name, text)

    def _no_list(self, name: str, value: object) -> RowError:
        problem = (
            f"{name!r} holds {self._shown(value)}, which is no list; write it like ['料理', '散歩']"
        )
        return RowError(self._row.place, problem)

    def _shown(self, value: object) -> str:
        return clip(repr(value), 60) if self._quoting else f"a value ({type(value).__name__})"
