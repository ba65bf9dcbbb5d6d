"""The single writer of a run, on the driver's node, where the run directory is."""

from __future__ import annotations

import os
from pathlib import Path

from actors.base import DeskActor
from actors.desk import Desk
from matrix_sim.failpoints import Failpoints
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore

_LOCK_WAIT_S = 30.0
"""A predecessor that was killed may hold the lock until the system has buried it."""


class Store(DeskActor):
    """Commits what it is sent, many writers' items in one transaction."""

    def __init__(self, directory: str, owner: str) -> None:
        store = RunStore.open(
            Path(directory),
            owner=owner,
            create=False,
            wait_s=_LOCK_WAIT_S,
            failpoints=Failpoints.from_environment(os.environ),
        )
        self._committer = GroupCommit(store)
        self._desk = Desk(self._committer.submit)

    async def close(self) -> None:
        """Commit what is queued, close the database and release the lock."""
        await self._committer.close()
