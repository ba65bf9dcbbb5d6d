"""A writer in a process of its own, which a failpoint may kill, and what it had acknowledged."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

from matrix_sim.failpoints import VARIABLE, Failpoints
from matrix_sim.store.group_commit import GroupCommit
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import CommitTick
from tests.support.store_samples import a_record, a_reply, a_report, an_open_call

WRITERS = 4
ROUNDS = 6


def write(directory: Path, faults: str) -> tuple[int, list[list[str]]]:
    """Run a writer; how it ended and what it acknowledged."""
    told = directory.with_name(f"{directory.name}.acknowledged")  # a run is alone in its folder
    told.unlink(missing_ok=True)
    process = _server().Process(target=_write, args=(directory, faults, told))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode, [line.split() for line in told.read_text().splitlines()]


@cache
def _server() -> ForkServerContext:
    """Forks from a process that has loaded this module and nothing else: 0.3 s sooner each time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _write(directory: Path, faults: str, told: Path) -> None:
    with told.open("wb", buffering=0) as sink:
        asyncio.run(
            _write_all(directory, Failpoints.from_environment({VARIABLE: faults}), sink.fileno())
        )


async def _write_all(directory: Path, failpoints: Failpoints, told: int) -> None:
    store = RunStore.open(directory, owner="test", create=True, failpoints=failpoints)
    commit = GroupCommit(store)

    async def write(group: int) -> None:
        for tick in range(ROUNDS):
            number = group * ROUNDS + tick
            if await commit.submit(an_open_call(number)) is None:
                await commit.submit(a_record(number, a_reply(f"返事 {number}")))
            os.write(told, f"call {number}\n".encode())
            await commit.submit(CommitTick(a_report(group, tick)))
            os.write(told, f"tick {group} {tick}\n".encode())

    await asyncio.gather(*(write(group) for group in range(WRITERS)))
    await commit.close()
