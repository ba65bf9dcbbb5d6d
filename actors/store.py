"""The single writer of a run, on the driver's node, where the run directory is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from actors.base import DeskActor
from actors.desk import Desk
from matrix_sim.config import BackupConfig, BudgetConfig
from matrix_sim.failpoints import Failpoints
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.periodic_backup import back_up_periodically
from matrix_sim.store.run_store import RunStore

_LOCK_WAIT_S = 30.0
"""A predecessor that was killed may hold the lock until the system has buried it."""


class Store(DeskActor):
    """Commits what it is sent, many writers' items in one transaction."""

    def __init__(
        self, directory: str, owner: str, backup: BackupConfig | None, budget: BudgetConfig
    ) -> None:
        self._directory = Path(directory)
        self._backup = backup
        self._copying: asyncio.Task[None] | None = None
        store = RunStore.open(
            self._directory,
            owner=owner,
            create=False,
            wait_s=_LOCK_WAIT_S,
            budget=budget,
            failpoints=Failpoints.from_environment(os.environ),
        )
        self._committer = GroupCommit(store)
        self._desk = Desk(self._committer.submit)

    async def ping(self) -> None:
        """See `DeskActor.ping`; the first one finds the loop running that copies need."""
        await super().ping()
        if self._backup is not None and self._copying is None:
            self._copying = asyncio.create_task(
                back_up_periodically(self._directory, self._backup.path, self._backup.every_s)
            )

    async def close(self) -> None:
        """Commit what is queued, close the database and release the lock."""
        if self._copying is not None:
            self._copying.cancel()
        await self._committer.close()
