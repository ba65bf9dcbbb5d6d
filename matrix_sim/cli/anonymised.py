"""How what was anonymised is told: how much of each kind, never what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from matrix_sim.text import counted

if TYPE_CHECKING:
    from matrix_sim.personas.anonymise.close_look import CloseLook

K = TypeVar("K", bound=str)


def anonymised_line(counts: Mapping[K, int]) -> str:
    """`handle 12, name 30`."""
    return counted(counts) or "nothing found"


def close_look_lines(look: CloseLook) -> list[str]:
    """What the anonymiser found, and whom it could not look at."""
    lines = [
        f"anonymised by the model: {anonymised_line(look.counts)}; "
        f"{look.unknown} of its finds were of no use"
    ]
    if look.left_out:
        people, causes = sum(look.left_out.values()), counted(look.left_out)
        lines.append(f"note: {people} people left out, for the model gave no reply: {causes}")
    return lines
