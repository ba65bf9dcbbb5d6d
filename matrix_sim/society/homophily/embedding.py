"""Embeddings without a download: character n-grams, weighted, projected to a few dimensions.

Character n-grams need no tokenizer, which suits Japanese, and of English words they hold the stem;
people of either language can be in one society. Latent semantic analysis (Deerwester et al., 1990)
lets texts be near that share no n-gram but share company.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from matrix_sim.randomness import named_seed

_MOST_DIMENSIONS, _FEWEST_DIMENSIONS, _TEXTS_PER_DIMENSION = 64, 8, 4
"""As many dimensions as texts would keep every accident; on 30 personas, groups from 8 dimensions
share more than groups from 30 do, and n-grams of 2 and 3 characters as much as with 4."""
_NGRAMS = (2, 3)
_MAX_FEATURES = 20_000
_NOTHING = 1e-6

Vectors = npt.NDArray[np.float32]


def embed(texts: Sequence[str], seed: int) -> Vectors:
    """Embed texts, each relative to all of them.

    Args:
        texts: Any texts; an empty one gets the zero vector.
        seed: The run's seed (the projection starts from a random matrix).

    Returns:
        Shape (len(texts), d), d at most 64; every row of length 1 or, for a text without a
        known n-gram, 0.
    """
    if not any(text.strip() for text in texts):
        return np.zeros((len(texts), 1), dtype=np.float32)
    # Half of what a command takes to start, and only a founding needs it. Before the limit on
    # threads: that holds for the libraries that are loaded by then.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.utils.extmath import randomized_svd

    # char_wb: n-grams do not run across white space, so not from one listed interest into the next.
    vectorizer = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=_NGRAMS,
        sublinear_tf=True,
        max_features=_MAX_FEATURES,
        dtype=np.float32,
    )
    weights = vectorizer.fit_transform(texts)
    # The decomposition of TruncatedSVD, without its explained variance, which divides by zero
    # where all texts are the same.
    # One thread: how many there are decides the last bits.
    with threadpool_limits(limits=1):
        left, singular, _ = randomized_svd(
            weights,
            n_components=min(_dimensions(len(texts)), *weights.shape),
            n_iter=5,
            random_state=named_seed(seed, "embedding") % 2**32,
        )
    return unit_rows(left * singular)


def _dimensions(texts: int) -> int:
    return min(max(texts // _TEXTS_PER_DIMENSION, _FEWEST_DIMENSIONS), _MOST_DIMENSIONS)


def unit_rows(vectors: npt.NDArray[np.floating]) -> Vectors:
    """Rows scaled to length 1, as float32; a row that is zero but for rounding errors is zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    nothing = lengths < _NOTHING
    return np.where(nothing, 0, vectors / np.where(nothing, 1, lengths)).astype(np.float32)
