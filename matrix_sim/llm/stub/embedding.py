"""The stub's embeddings: bags of character bigrams, hashed, normalised."""

from __future__ import annotations

import math
import zlib

DIMENSIONS = 256


def bigram_vector(text: str) -> list[float]:
    """The direction of a text in `DIMENSIONS` dimensions; of length 1, or 0 for an empty text.

    Texts that share bigrams point the same way; CRC-32 is the same in every process.
    """
    counts = [0.0] * DIMENSIONS
    for first, second in zip(text, text[1:] or " ", strict=False):
        counts[zlib.crc32(f"{first}{second}".encode("utf-8", "replace")) % DIMENSIONS] += 1.0
    length = math.sqrt(sum(c * c for c in counts))
    return [c / length for c in counts] if length else counts
