"""Who plays a society on a cluster: which actors there are, where they live, who knows whom.

The driver creates every actor: killing an actor would take along those that it had created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.agent import AgentActor
from actors.coordinator import Coordinator
from actors.handle import Handle
from actors.host import Host
from actors.limiter import LimiterActor
from actors.llm import LLM, LLMCharter
from actors.modulator import ModulatorActor
from actors.placement import Placement
from actors.store import Store
from actors.synthesist import Synthesist
from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.config.roles import model_of, played_roles
from matrix_sim.llm.limits.gates import limited
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.assembly import GroupCharter, charter_of
from matrix_sim.society.simulation_plan import plan_of
from matrix_sim.society.society import Society

if TYPE_CHECKING:
    from matrix_sim.synthesis.synthesis import Workshop


@dataclass(frozen=True, slots=True)
class Cast:
    """The actors of a run."""

    store: Handle
    limiter: Handle | None
    """None where no endpoint has limits."""
    llm: tuple[Handle, ...]
    agents: Mapping[int, Handle]
    """Empty when packed."""
    groups: Mapping[int, Handle]
    """Who holds each group; several groups share one when packed."""
    coordinator: Handle | None
    """None where nothing is left to play."""
    synthesist: Handle | None
    """None where there are no data sets to make."""

    def everyone(self) -> tuple[Handle, ...]:
        """Each actor once, the store last."""
        holders = dict.fromkeys(self.groups.values())
        limiter = () if self.limiter is None else (self.limiter,)
        others = (*self.agents.values(), *self.llm, *limiter)
        drivers = [actor for actor in (self.coordinator, self.synthesist) if actor is not None]
        return (*drivers, *holders, *others, self.store)


@dataclass(frozen=True, slots=True)
class Stage:
    """A society that is ready to be played, and how."""

    society: Society
    config: RunConfig
    prompts: PromptLibrary
    directory: Path
    owner: str
    """Who holds the run's lock, for people."""
    free_clock: bool = False
    plays: bool = True
    """Whether anything of the society is left to play."""
    workshop: Workshop | None = None
    """What its data sets are made with, where any are to be made."""


def cast(stage: Stage, placement: Placement) -> Cast:
    """Create all actors; none has been asked anything yet."""
    config, society = stage.config, stage.society
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    store = _actor(
        Store, here, str(stage.directory), stage.owner, config.runtime.backup, config.budget
    )
    limiter = _actor(LimiterActor, here) if has_limits(config) else None
    llm_charter = LLMCharter(
        config.models,
        config.secrets,
        config.runtime,
        stage.prompts,
        config.seed,
        actors=placement.llm_actors,
        components=len(society.members[0].direction),
        roles=played_roles(config),
    )
    near = here if _loopback(config) else "SPREAD"
    llm = tuple(
        _actor(LLM, near, llm_charter, f"llm{number}", store, limiter)
        for number in range(placement.llm_actors)
    )
    synthesist = None
    if stage.workshop is not None:
        synthesist = _actor(Synthesist, here, stage.workshop, llm, store)
    if not stage.plays:
        return Cast(store, limiter, llm, {}, {}, None, synthesist)
    charters = [charter_of(society, g.group, config.models) for g in society.groups]
    agents: dict[int, Handle] = {}
    groups: dict[int, Handle] = {}
    if placement.kind == "spread":
        for charter in charters:
            troupe = {
                m.agent: _actor(
                    AgentActor,
                    "SPREAD",
                    m,
                    charter.group,
                    charter.agent_settings,
                    stage.prompts,
                    llm,
                    store,
                )
                for m in charter.members
            }
            agents |= troupe
            groups[charter.group] = _actor(
                ModulatorActor, "SPREAD", charter, stage.prompts, troupe, llm, store
            )
    else:
        for part in _parts(charters, placement.groups_per_host):
            host = _actor(Host, "SPREAD", part, stage.prompts, llm, store)
            groups |= {charter.group: host for charter in part}
    plan = plan_of(society, config.runtime, free_clock=stage.free_clock)
    coordinator = _actor(Coordinator, here, plan, groups, store)
    return Cast(store, limiter, llm, agents, groups, coordinator, synthesist)


def _actor(
    kind: type, strategy: str | NodeAffinitySchedulingStrategy, *arguments: object
) -> Handle:
    """A restartable actor that takes no CPU from the scheduler: it mostly waits."""
    handle: Handle = (
        ray.remote(kind)  # type: ignore[assignment]
        .options(num_cpus=0, max_restarts=-1, max_task_retries=0, scheduling_strategy=strategy)
        .remote(*arguments)
    )
    return handle


def _parts(charters: Sequence[GroupCharter], size: int) -> list[list[GroupCharter]]:
    return [list(charters[i : i + size]) for i in range(0, len(charters), size)]


def has_limits(config: RunConfig) -> bool:
    """Whether any endpoint of the run has limits; a stub in its process has none."""
    return any(limited(model) for model in models_asked(config))


def _loopback(config: RunConfig) -> bool:
    """Whether an endpoint or a model file is on "this" machine: then that is the driver's."""
    models = models_asked(config)
    if any(model.gguf is not None for model in models):
        return True
    hosts = [urlsplit(url).hostname or "" for model in models for url in model.base_urls]
    return any(h == "localhost" or h == "::1" or h.startswith("127.") for h in hosts)


def models_asked(config: RunConfig) -> list[ModelConfig]:
    """The models that a run may ask while it is played."""
    return [model_of(config.models, role) for role in played_roles(config)]
