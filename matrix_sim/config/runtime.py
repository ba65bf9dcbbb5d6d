"""How a run is made: never part of its identity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from matrix_sim.config.section import Section


class BackupConfig(Section):
    """Copies of the run's store at another place while it goes on."""

    path: Path
    """The file to copy to, absolute; replaced as a whole each time."""
    every_s: Annotated[float, Field(ge=1)] = 600.0
    """Seconds between two copies."""


class OutageConfig(Section):
    """What happens when an endpoint stops answering altogether."""

    after_failures: Annotated[int, Field(ge=1)] = 5
    """Sendings in a row that fail, none of any other call succeeding, until it counts as down."""
    probe_every_s: Annotated[float, Field(gt=0)] = 5.0
    """While it is down, one request is let through this often, in seconds."""
    give_up_after_s: Annotated[float, Field(gt=0)] = 1800.0
    """After so many seconds down, the run ends cleanly; the same command continues it."""


class RuntimeConfig(Section):
    """How the run is made; never part of its identity."""

    placement: Literal["auto", "spread", "packed"] = "auto"
    """`spread`: every agent and modulator is a process of its own; `packed`: processes with whole
    groups in them; `auto`: spread while the cluster has room, and it says which and why."""
    groups_per_host: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Groups in one process when packed; `auto`: about one process a CPU."""
    llm_actors: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Processes that talk to the endpoints; `auto`: one a node."""
    max_in_flight: Annotated[int, Field(ge=1)] = 64
    """Requests under way at once, over all LLM actors."""
    tick_attempts: Annotated[int, Field(ge=1)] = 3
    """How many processes one tick may lose before the run ends with its address."""
    outage: OutageConfig = OutageConfig()
    """What happens when an endpoint stops answering altogether."""
    backup: BackupConfig | None = None
    """Where to keep a copy of the store, if anywhere."""
