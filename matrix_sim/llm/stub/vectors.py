"""OpenAI's embeddings format, as the stub's server reads and writes it."""

from __future__ import annotations

import base64
import struct
from typing import Any

from matrix_sim.llm.stub.embedding import bigram_vector
from matrix_sim.llm.stub.wire import BadBody
from matrix_sim.text import estimate_tokens


def embeddings(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The answer to a POST to /embeddings.

    Raises:
        BadBody: its input is no text and no list of texts.
    """
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadBody("'input' must be a text or a list of texts")
    packed = body.get("encoding_format") == "base64"
    tokens = sum(map(estimate_tokens, texts))
    rows = [
        {"object": "embedding", "index": index, "embedding": _vector(text, packed=packed)}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": model, "data": rows, "usage": usage}


def _vector(text: str, *, packed: bool) -> list[float] | str:
    vector = bigram_vector(text)
    if not packed:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
