"""Rows for checks, in a line each."""

from __future__ import annotations

from matrix_sim.quality.contracts import Row, Turn


def row(*said: str, thinking: str = "", codes: bool = False) -> Row:
    """What user and assistant say in turn; `thinking` goes before every answer."""
    turns = tuple(
        Turn("assistant", text, thinking) if number % 2 else Turn("user", text)
        for number, text in enumerate(said)
    )
    return Row(turns, thinks=bool(thinking), codes=codes)


def pair(asked: str, chosen: str, rejected: str) -> Row:
    """Preference data."""
    answers = ((Turn("assistant", text),) for text in (chosen, rejected))
    return Row((Turn("user", asked),), *answers)
