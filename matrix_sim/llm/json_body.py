"""JSON objects as endpoints send them, some of them not quite right."""

from __future__ import annotations

import json
from typing import Any

import orjson


class UnreadableReply(Exception):
    """The body of a 200 that holds no reply; the text says what is wrong with it."""


def json_object(body: bytes, what: str = "the body") -> dict[str, Any]:
    """The JSON object in `body`; escaped lone surrogates and broken UTF-8 are read as well.

    Raises:
        UnreadableReply: there is none; `what` is what it says of it.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        # Slower, but a reply, for all that.
        try:
            value = json.loads(body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise UnreadableReply(f"{what} is no JSON") from None
    if not isinstance(value, dict):
        raise UnreadableReply(f"{what} is no JSON object")
    return value
