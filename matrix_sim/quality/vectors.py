"""Unit vectors in one growing matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_FIRST_CAPACITY = 256

Floats = npt.NDArray[np.float32]
Vector = npt.NDArray[np.floating]
"""Of a request, from an embedding model; shape (dimensions,)."""


class VectorIndex:
    """Vectors by number, and which is nearest to another. Four bytes a component and row."""

    def __init__(self) -> None:
        self._vectors: Floats = np.empty((0, 0), dtype=np.float32)
        self._numbers: list[int] = []

    def add(self, number: int, vector: Vector) -> None:
        """Keep the vector of a row.

        Raises:
            ValueError: it has another length than those before it.
        """
        count = len(self._numbers)
        if not count:
            self._vectors = np.empty((_FIRST_CAPACITY, len(vector)), dtype=np.float32)
        elif count == len(self._vectors):
            longer = np.empty((2 * count, self._vectors.shape[1]), dtype=np.float32)
            longer[:count] = self._vectors
            self._vectors = longer
        self._vectors[count] = _unit(vector)
        self._numbers.append(number)

    def nearest(self, vector: Vector) -> tuple[float, int] | None:
        """The greatest cosine and the number of the row; the first of equals; None if empty."""
        count = len(self._numbers)
        if not count:
            return None
        cosines = self._vectors[:count] @ _unit(vector)
        best = int(np.argmax(cosines))
        return float(cosines[best]), self._numbers[best]


def _unit(vector: Vector) -> Floats:
    single = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(single))
    return single / np.float32(length) if length else single
