"""The fields of a row as a persona's values: text cleaned, lists and numbers parsed."""

from __future__ import annotations

from collections.abc import Iterable

from matrix_sim.personas.cells import CellError, age_of, items_of, paragraphs_of, text_of
from matrix_sim.personas.lookup import MISSING, look_up
from matrix_sim.personas.rows import Row, RowError
from matrix_sim.text import clean_text


class Fields:
    """Reads one row and counts the characters that had to be replaced on the way.

    A name is that of a column, or a path into one; see `look_up`.
    """

    def __init__(self, row: Row) -> None:
        self._row = row
        self.replaced = 0
        """NUL and lone surrogates replaced in what was read so far."""

    def text(self, name: str) -> str:
        """A text without surrounding white space; empty where the row has none.

        Raises:
            RowError: the field holds something that says nothing as text.
        """
        value = look_up(self._row.fields, name)
        return "" if value is None or value is MISSING else self._cleaned(name, value)

    def required_text(self, name: str) -> str:
        """A text that is not empty.

        Raises:
            RowError: the field is empty or holds something that says nothing as text.
        """
        text = self.text(name)
        if not text:
            raise self.empty(name)
        return text

    def texts(self, names: Iterable[str]) -> tuple[str, ...]:
        """The texts of several fields, those left out that are empty."""
        return tuple(text for name in names if (text := self.text(name)))

    def age(self, name: str) -> int | None:
        """An age in years; None where the row has none.

        Raises:
            RowError: the field holds something else.
        """
        text = self.text(name)
        try:
            return age_of(text) if text else None
        except CellError as error:
            raise self._refused(name, error) from None

    def listed(self, name: str, separator: str | None = None) -> tuple[str, ...]:
        """A list of texts: a real list, or a text that holds one; see `items_of`.

        Raises:
            RowError: the field is neither.
        """
        try:
            items = items_of(look_up(self._row.fields, name), separator)
        except CellError as error:
            raise self._refused(name, error) from None
        return self._all_cleaned(name, items)

    def paragraphs(self, name: str, separator: str | None = None) -> tuple[str, ...]:
        """A list of texts, or one text; see `paragraphs_of`.

        Raises:
            RowError: the field is neither.
        """
        try:
            items = paragraphs_of(look_up(self._row.fields, name), separator)
        except CellError as error:
            raise self._refused(name, error) from None
        return self._all_cleaned(name, items)

    def raw(self, name: str) -> str:
        """What stands there, whatever it is, in a form that can be hashed."""
        return self._clean(repr(look_up(self._row.fields, name)))

    def empty(self, name: str) -> RowError:
        """What is wrong with a row that must have something there, and has nothing."""
        reason = f"{name!r} is empty"
        return RowError(self._row.place, f"{reason}; fill it in or remove the row", reason)

    def _all_cleaned(self, name: str, items: Iterable[object]) -> tuple[str, ...]:
        return tuple(text for item in items if (text := self._cleaned(name, item)))

    def _cleaned(self, name: str, value: object) -> str:
        if type(value) is str:  # by far the most
            return self._clean(value)
        try:
            return self._clean(text_of(value))
        except CellError as error:
            raise self._refused(name, error) from None

    def _clean(self, text: str) -> str:
        cleaned, replaced = clean_text(text)
        self.replaced += replaced
        return cleaned.strip()

    def _refused(self, name: str, error: CellError) -> RowError:
        return RowError(self._row.place, f"{name!r} {error}", f"{name!r} {error.reason}")
