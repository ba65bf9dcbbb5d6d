"""Copies of a run at another place while it goes on, for machines that may go away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from matrix_sim.errors import MatrixSimError
from matrix_sim.store.run_store import RunStore

_log = logging.getLogger(__name__)


async def back_up_periodically(
    directory: Path,
    target: Path,
    every_s: float,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Copy the run's store to the file `target` every `every_s` seconds, until cancelled.

    The copy is a whole database as of one commit, or the one before. A copy that cannot be made
    is logged and tried again the next time: the run itself is not in danger.
    """
    while True:
        await sleep(every_s)
        try:
            await asyncio.to_thread(_back_up, directory, target)
        except MatrixSimError as failure:
            _log.warning("no backup this time: %s", failure)


def _back_up(directory: Path, target: Path) -> None:
    with RunStore.read_only(directory) as store:
        store.backup(target)
