"""`duplicate`: no two rows ask the same, whatever the width, case, white space and punctuation."""

from __future__ import annotations

import hashlib

from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.keys import key_of
from matrix_sim.quality.vectors import Vector
from matrix_sim.quality.verdicts import verdict

_BYTES = 12
"""Of a digest: among a billion rows two share one by chance with a probability of 1e-11."""


class DuplicateMemory:
    """Remembers a digest of every request."""

    name = "duplicate"

    def __init__(self) -> None:
        self._labels: dict[bytes, str] = {}

    def look(self, row: Row, vector: Vector | None = None) -> Verdict:
        """Refused where an earlier row asks the same."""
        earlier = self._labels.get(_digest(row))
        return verdict(self.name, earlier and f"asks the same as {earlier}")

    def remember(self, row: Row, label: str, vector: Vector | None = None) -> None:
        """Of rows that ask the same the first is named."""
        self._labels.setdefault(_digest(row), label)


def _digest(row: Row) -> bytes:
    # What is nothing but punctuation differs by that.
    text = key_of(row.request) or row.request
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()
