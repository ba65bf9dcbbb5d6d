"""An endpoint that dies in the middle of a run and comes back: what that cost."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix_sim.store.database import DATABASE_FILE
from tests.support.program import Program, ended_at_last, mortal_stub, simulate
from tests.support.small_run import write_config

_LOOKS = 4
"""Equal looks at the journal after which nothing is on its way into it any more."""


@dataclass(frozen=True)
class Outage:
    """How a run went whose endpoint was gone for a while."""

    code: int
    left_over: list[str]
    summary: dict[str, Any]
    said: str
    """What the run wrote to stderr."""
    url: str
    served_before: dict[str, int]
    """Calls by name, as the server counted them shortly before it was killed."""
    kept_before: set[str]
    """Calls whose reply was in the run's journal while the server was gone."""
    served_after: dict[str, int]
    """What the server that came back was asked."""
    recovered_s: float
    """From the moment that it listened again to its first reply."""


def play_with_outage(
    folder: Path,
    *,
    seconds: float,
    after_replies: int,
    latency: str,
    model: dict[str, Any],
    people: int,
    society: dict[str, Any] | None = None,
    **runtime: Any,
) -> Outage:
    """One run; the server is killed after so many replies and comes back `seconds` later."""
    run = folder / "run"
    with mortal_stub(folder / "stub", "--latency", latency) as stub:
        models = {"default": stub.model(**model)}
        config = write_config(folder, models, society=society, people=people, **runtime)
        with ended_at_last(simulate(folder, config, run)) as driver:
            driver.wait_until(lambda: stub.stats()["replies"] >= after_replies)
            before = stub.stats()["served"]
            stub.kill()
            killed = time.monotonic()
            kept = _settled(driver, run)
            time.sleep(max(0.0, killed + seconds - time.monotonic()))
            stub.start_again()
            back = time.monotonic()
            driver.wait_until(lambda: stub.stats()["replies"] > 0)
            recovered_s = time.monotonic() - back
            code, output = driver.end()
            left_over = driver.left_over()
        after = stub.stats()["served"]
    summary = json.loads(output) if output else {}
    return Outage(
        code, left_over, summary, driver.said(), stub.url, before, kept, after, recovered_s
    )


def kept_calls(run: Path) -> set[str]:
    """The calls that the journal holds a reply to, by the names that the stub knows them by."""
    with closing(sqlite3.connect(run / DATABASE_FILE)) as database:
        rows = database.execute("SELECT address, attempt FROM calls WHERE reply IS NOT NULL")
        return {f"{a}#{n}" if n > 1 else a for a, n in rows}


def _settled(driver: Program, run: Path) -> set[str]:
    """The calls that are kept, once what had arrived is written down: nothing is added any more."""
    looks = [kept_calls(run)]

    def stays() -> bool:
        looks.append(kept_calls(run))
        return len(looks) > _LOOKS and looks[-1] == looks[-_LOOKS]

    driver.wait_until(stays)
    return looks[-1]
