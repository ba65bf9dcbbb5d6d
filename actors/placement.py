"""Which shape a run takes on a cluster: one process an agent, or whole groups in few."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from matrix_sim.config import RuntimeConfig

ACTOR_MB = 50
"""Resident memory of one actor process (47 MB measured)."""
ACTORS_PER_CPU = 16
"""An actor takes about a CPU-second to start and 1 % of a core when idle."""
_MEMORY_SHARE = 0.5
_GROUPS_WORTH_A_HOST = 4


@dataclass(frozen=True, slots=True)
class ClusterSize:
    """What a cluster has."""

    cpus: int
    memory_mb: int
    nodes: int

    @classmethod
    def of(cls, resources: Mapping[str, float], *, nodes: int) -> ClusterSize:
        """From Ray's `cluster_resources`."""
        return cls(
            cpus=max(1, int(resources.get("CPU", 1))),
            memory_mb=int(resources.get("memory", 0) / 2**20),
            nodes=max(1, nodes),
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """The decision, with its reason for people."""

    kind: Literal["spread", "packed"]
    groups_per_host: int
    llm_actors: int
    reason: str


def choose_placement(
    runtime: RuntimeConfig,
    agents: int,
    groups: int,
    cluster: ClusterSize,
    *,
    model_files: bool = False,
) -> Placement:
    """What the config says, or what fits the cluster where it says `auto`.

    `model_files` is whether LLM actors load models themselves: then one does, unless more are
    asked for.
    """
    one_a_node = 1 if model_files else cluster.nodes
    llm_actors = one_a_node if runtime.llm_actors == "auto" else runtime.llm_actors
    hosts = min(cluster.cpus, math.ceil(groups / _GROUPS_WORTH_A_HOST))
    per_host = (
        math.ceil(groups / hosts) if runtime.groups_per_host == "auto" else runtime.groups_per_host
    )
    actors = agents + groups
    size = f"{actors} actors for {agents} agents and {groups} groups"
    room = (
        f"{cluster.cpus} CPUs ({ACTORS_PER_CPU} actors each) and {cluster.memory_mb:,} MB "
        f"({ACTOR_MB} MB an actor, half of it)"
    )
    if runtime.placement != "auto":
        return Placement(runtime.placement, per_host, llm_actors, "as the config says")
    fits = (
        actors <= cluster.cpus * ACTORS_PER_CPU
        and actors * ACTOR_MB <= cluster.memory_mb * _MEMORY_SHARE
    )
    if fits:
        return Placement("spread", per_host, llm_actors, f"{size} fit {room}")
    return Placement("packed", per_host, llm_actors, f"{size} are too many for {room}")
