"""How many candidates became rows, and what kept the others from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matrix_sim.synthesis.contracts import Candidate


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of the candidates of a data set."""

    accepted: int
    refused: Mapping[str, int]
    """By the first check that was not passed, or the failure; most frequent first."""

    @property
    def tried(self) -> int:
        """All candidates that came to their end."""
        return self.accepted + sum(self.refused.values())


def funnel_of(candidates: Iterable[Candidate], wanted: int) -> Funnel:
    """Count candidates by what refused them, up to the one that is the last row.

    Args:
        candidates: in the order of their numbers.
        wanted: rows; candidates after the last of them were made when more were wanted.
    """
    refused: Counter[str] = Counter()
    accepted = 0
    for candidate in candidates:
        if accepted == wanted:
            break
        if candidate.accepted:
            accepted += 1
        else:
            refused[candidate.refused_by or "unknown"] += 1
    most_first = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
    return Funnel(accepted, dict(most_first))
