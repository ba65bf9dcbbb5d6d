"""How many candidates became rows, and what kept the others from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from matrix_sim.synthesis.contracts import Candidate


@dataclass(slots=True)
class Funnel:
    """What became of the candidates of a data set so far."""

    accepted: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """By the first check that was not passed, or the failure."""

    def count(self, candidate: Candidate) -> None:
        """One more has come to its end."""
        if candidate.accepted:
            self.accepted += 1
        else:
            self.refusals[candidate.refused_by or "unknown"] += 1

    @property
    def tried(self) -> int:
        """All candidates that came to their end."""
        return self.accepted + self.refusals.total()

    @property
    def refused(self) -> dict[str, int]:
        """What refused how many, the most frequent first."""
        return dict(sorted(self.refusals.items(), key=lambda item: (-item[1], item[0])))


def up_to_the_last_row(candidates: Iterable[Candidate], wanted: int) -> Iterator[Candidate]:
    """Those that are part of a data set: what comes after its last row was made for a larger one.

    Args:
        candidates: in the order of their numbers.
        wanted: rows.
    """
    left = wanted
    for candidate in candidates:
        if not left:
            return
        yield candidate
        left -= candidate.accepted


def funnel_of(candidates: Iterable[Candidate], wanted: int) -> Funnel:
    """Count the candidates that are part of a data set (see `up_to_the_last_row`)."""
    funnel = Funnel()
    for candidate in up_to_the_last_row(candidates, wanted):
        funnel.count(candidate)
    return funnel
