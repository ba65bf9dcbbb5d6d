"""What every actor of a run has in common: a desk, and an answer to whether it is alive."""

from __future__ import annotations

from typing import Any

from actors.desk import Answer, Batch, Desk


class DeskActor:
    """An asynchronous actor that answers items; subclasses set `_desk` in their constructor."""

    _desk: Desk

    async def ping(self) -> None:
        """Answered by every actor that is alive."""

    async def answer(self, item: Any) -> Answer:
        """Answer one item (`DirectPort`)."""
        return await self._desk.answer(item)

    async def submit(self, client: str, items: list[tuple[int, Any]]) -> str:
        """Take a batch of items (`CoalescedPort`)."""
        return self._desk.submit(client, items)

    async def collect(self, client: str) -> Batch:
        """What is done for a client (`CoalescedPort`)."""
        return await self._desk.collect(client)
