"""Streamed answers, made from the plain ones that they stand for."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any


def events(chunks: Sequence[Any], *, line_end: str = "\n", done: bool = True) -> bytes:
    """Chunks as server-sent events."""
    lines = [f"data: {json.dumps(chunk)}{line_end}{line_end}" for chunk in chunks]
    if done:
        lines.append(f"data: [DONE]{line_end}{line_end}")
    return "".join(lines).encode()


def chunks_of(answer: dict[str, Any], size: int = 2) -> list[dict[str, Any]]:
    """The chunks that an endpoint would have sent for a `chat.completion`."""
    head = {"object": "chat.completion.chunk", "model": answer.get("model")}
    (choice,) = answer["choices"]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    for field, text in choice["message"].items():
        if field != "role" and isinstance(text, str):
            deltas += [{field: text[at : at + size]} for at in range(0, len(text), size)]
    whole = [
        head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    end = {"index": 0, "delta": {}, "finish_reason": choice.get("finish_reason")}
    whole.append(head | {"choices": [end]})
    if answer.get("usage"):
        whole.append(head | {"choices": [], "usage": answer["usage"]})
    return whole


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """`data` in pieces, cut at these places (modulo its length)."""
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]
