"""First messages and conversations, each with what a check of voice must say of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from matrix_sim.quality.contracts import Row, Turn

VOICES = ("boilerplate", "addressed_to_assistant", "is_request", "self_contained", "role_purity")
"""The checks about who speaks to whom."""
SAMPLED = (*VOICES, "truncation")
"""The checks that there are samples for."""
_SAMPLES = Path(__file__).parent.parent / "data" / "voice_cases.jsonl"


@dataclass(frozen=True, slots=True)
class Sample:
    """A conversation, the language it is in, and the verdict that is due."""

    check: str
    language: str
    ok: bool
    said: tuple[str, ...]

    @property
    def row(self) -> Row:
        """The row: a user begins, and they take turns."""
        return row_of(*self.said)


def row_of(*said: str) -> Row:
    """A row of turns, the user's first."""
    return Row(tuple(Turn("assistant" if n % 2 else "user", text) for n, text in enumerate(said)))


def samples() -> list[Sample]:
    """Those of the file, in its order."""
    rows = map(json.loads, _SAMPLES.read_text("utf-8").splitlines())
    return [Sample(r["check"], r["language"], r["ok"], tuple(r["said"])) for r in rows]
