"""What came back over the wire, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint answered, whatever the status."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes
