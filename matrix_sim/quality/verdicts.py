"""How checks say what they found."""

from __future__ import annotations

from matrix_sim.quality.contracts import Verdict
from matrix_sim.text import clip

_QUOTED = 40
"""Characters of a text that a reason quotes."""


def verdict(check: str, reason: str | None) -> Verdict:
    """A verdict that is ok where there is no reason."""
    return Verdict(check, ok=reason is None, reason=reason or "")


def quoted(text: str) -> str:
    """The beginning of a text, on one line, in quotation marks."""
    return f'"{clip(" ".join(text[: 4 * _QUOTED].split()), _QUOTED)}"'


def end_of(text: str) -> str:
    """The end of a text, on one line, in quotation marks."""
    line = " ".join(text[-4 * _QUOTED :].split())
    return f'"{line}"' if len(line) <= _QUOTED else f'"…{line[1 - _QUOTED :]}"'
