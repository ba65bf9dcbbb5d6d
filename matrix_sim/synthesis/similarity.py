"""How similar scenarios are to a requirement and to each other: cosines, rounded to three places.

Rounded, because the last bits of a sum depend on the machine, and an order must not (S9).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Cosines = npt.NDArray[np.float64]
_PLACES = 3


class Similarity(Protocol):
    """Cosines between texts that were given in some order."""

    def to_requirement(self) -> Cosines:
        """Of each text with the requirement, shape (n,)."""
        ...

    def to(self, number: int) -> Cosines:
        """Of each text with text `number`, shape (n,)."""
        ...


class DirectionSimilarity:
    """By the directions that a model gave (`matrix_sim.directions`)."""

    def __init__(self, directions: Sequence[bytes], wanted: bytes) -> None:
        """`directions` are those of the texts, `wanted` that of the requirement."""
        rows = np.stack([np.frombuffer(one, np.int8) for one in (*directions, wanted)])
        exact = rows.astype(np.float64)
        lengths = np.sqrt((exact**2).sum(axis=1, keepdims=True))
        unit = exact / np.where(lengths > 0, lengths, 1.0)
        self._texts, self._wanted = unit[:-1], unit[-1]

    def to_requirement(self) -> Cosines:
        """See `Similarity`."""
        return _rounded(self._texts @ self._wanted)

    def to(self, number: int) -> Cosines:
        """See `Similarity`."""
        return _rounded(self._texts @ self._texts[number])


class NgramSimilarity:
    """Without a model: by characters, pairs and triples of them; the rare ones count for more.

    Between texts a cosine. A requirement is a few words and a scenario many, so their cosine would
    be next to nothing: it counts how much of the requirement a text holds.
    """

    def __init__(self, texts: Sequence[str], wanted: str) -> None:
        """`texts` as they were given, `wanted` the requirement; at least one text."""
        # Heavy to import; data sets without a requirement do without.
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        self._texts = vectorizer.fit_transform(texts)
        columns, weights = vectorizer.vocabulary_, vectorizer.idf_
        grams = sorted(set(vectorizer.build_analyzer()(wanted)))
        known = [columns[gram] for gram in grams if gram in columns]
        unknown = float(weights.max()) * (len(grams) - len(known))
        weight = weights[known]
        held = (self._texts[:, known] > 0) @ weight
        self._held = held / (float(weight.sum()) + unknown)

    def to_requirement(self) -> Cosines:
        """The share of the requirement that each text holds."""
        return _rounded(self._held)

    def to(self, number: int) -> Cosines:
        """See `Similarity`."""
        products = (self._texts @ self._texts[number].T).todense()
        return _rounded(np.asarray(products, np.float64).ravel())


def _rounded(cosines: Any) -> Cosines:
    rounded: Cosines = np.round(cosines, _PLACES)
    return rounded
