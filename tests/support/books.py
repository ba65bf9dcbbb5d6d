"""The books of a call that no journal keeps."""

from __future__ import annotations

from matrix_sim.llm.contracts import EnvironmentalFailure, Reply


class Books:
    """A `Course` that reserves nothing, and counts the sendings."""

    def __init__(self) -> None:
        self.sendings = 0

    async def reserve(self) -> Reply | None:
        return None

    def sent(self, failure: EnvironmentalFailure | None = None) -> None:
        self.sendings += 1
