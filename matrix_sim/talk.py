"""How alike those are who hear of each other: the figure that tells ways of grouping apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import orjson

from matrix_sim.messages import TickReport, by_number
from matrix_sim.society.homophily.embedding import unit_rows


def people_vectors(members: Mapping[str, bytes]) -> npt.NDArray[np.float32]:
    """The vectors that people were grouped by, shape (people, d), rows of length 1 or 0.

    Args:
        members: the events of the kind `member` of a run, by label.
    """
    rows = [orjson.loads(members[label])["embedding"] for label in by_number(members)]
    return unit_rows(np.asarray(rows, np.float32))


@dataclass(slots=True)
class Talk:
    """Who became aware of whose actions, counted a time for each action."""

    pairs: dict[tuple[int, int], int] = field(default_factory=dict)
    """(who acted, who became aware) to how often."""

    def hear(self, report: TickReport) -> None:
        """Add what a tick delivered."""
        for delivery in report.deliveries:
            for seen in delivery.observations:
                pair = (seen.action.agent, delivery.agent)
                self.pairs[pair] = self.pairs.get(pair, 0) + 1

    def likeness(self, vectors: npt.NDArray[np.float32]) -> float | None:
        """Mean cosine of the one who acted and the one who became aware; None without any."""
        if not self.pairs:
            return None
        pairs = np.asarray(list(self.pairs), np.intp)
        cosines = np.einsum("ij,ij->i", vectors[pairs[:, 0]], vectors[pairs[:, 1]])
        return _rounded(np.average(cosines, weights=np.asarray(list(self.pairs.values()))))


def likeness_of_strangers(vectors: npt.NDArray[np.float32]) -> float | None:
    """Mean cosine of any two people, of rows of length 1; None where there are no two."""
    people = len(vectors)
    if people < 2:
        return None
    rows = vectors.astype(np.float64)
    total, itself = rows.sum(axis=0), float((rows**2).sum())
    return _rounded((float(total @ total) - itself) / (people * (people - 1)))


def _rounded(value: float) -> float:
    return round(float(value), 4)
