"""Figures in columns, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of equal cells: the first to the left, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def number(value: int | None) -> str:
    """A question mark for what is not known."""
    return "?" if value is None else f"{value:,}"


def money(value: float | None, otherwise: str) -> str:
    """Two places; `otherwise` for what is not known."""
    return otherwise if value is None else f"{value:,.2f}"
