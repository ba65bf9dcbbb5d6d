"""Vectors as rows of whole numbers: small to keep, and compared exactly on every machine.

A direction holds a vector's components as signed bytes, the largest at 127. A cosine of two
directions is within about 0.01 of that of the vectors, and as nothing but whole numbers is added
up, it does not depend on the linear algebra library (S9).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_LARGEST = 127


def direction_of(vector: npt.ArrayLike) -> bytes:
    """The direction of a vector, a byte a component; all zero for a zero vector."""
    exact = np.asarray(vector, np.float64)
    largest = float(np.abs(exact).max(initial=0.0))
    scaled = exact * (_LARGEST / largest) if largest > 0 else exact
    return np.rint(scaled).astype(np.int8).tobytes()


def cosines(one: bytes, others: Sequence[bytes]) -> list[float]:
    """Cosines of a direction with others of the same length; 0 with a zero vector.

    Raises:
        ValueError: they have not all the same length.
    """
    if any(len(other) != len(one) for other in others):
        raise ValueError(f"directions of {len(one)} and of other numbers of components")
    if not others:
        return []
    # Products and sums stay far below 2^53, so float64 holds them exactly.
    row = np.frombuffer(one, np.int8).astype(np.float64)
    rows = np.stack([np.frombuffer(other, np.int8) for other in others]).astype(np.float64)
    lengths = np.sqrt((rows**2).sum(axis=1) * (row**2).sum())
    dots = rows @ row
    return [float(d / n) if n > 0 else 0.0 for d, n in zip(dots, lengths, strict=True)]


def encode_directions(directions: Sequence[bytes]) -> str:
    """Directions as text, a line each: what a journal keeps of an embedding call."""
    return "\n".join(base64.b64encode(one).decode() for one in directions)


def decode_directions(text: str) -> tuple[bytes, ...]:
    """The directions that `encode_directions` was given.

    Raises:
        ValueError: the text holds something else.
    """
    try:
        return tuple(base64.b64decode(line, validate=True) for line in text.splitlines())
    except ValueError as error:
        raise ValueError(f"this is no text of directions: {error}") from error
