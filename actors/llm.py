"""The endpoint clients of one process, behind the journal."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from actors.base import DeskActor
from actors.desk import Desk
from actors.handle import Handle
from actors.port import CoalescedPort, DirectPort
from actors.remote import RemoteLimiter, RemoteStore
from matrix_sim.config import ModelsConfig, RuntimeConfig
from matrix_sim.failpoints import Failpoints
from matrix_sim.llm.backends import Backends, GateOf, open_gates
from matrix_sim.llm.contracts import Role
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.limits.gates import LeasedGates
from matrix_sim.llm.prefix_cache import COARSE_BLOCK_TOKENS, PREFIX_CACHE_TOKENS, PrefixCache
from matrix_sim.llm.stub.counters import StubCounters
from matrix_sim.llm.tariff import tariffs_of
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.store.adapters import StoreJournal
from matrix_sim.store.writes import ProcessDied


@dataclass(frozen=True, slots=True)
class LLMCharter:
    """What every LLM actor of a run is made from."""

    models: ModelsConfig
    secrets: Mapping[str, SecretStr] = field(repr=False)
    """From the driver's environment; they go nowhere from here."""
    runtime: RuntimeConfig
    prompts: PromptLibrary
    seed: int
    actors: int
    """How many LLM actors there are, which split between them what may be in flight."""
    components: int
    """Length of the vectors that people were grouped by."""
    roles: tuple[Role, ...]
    """Whom the run may ask."""

    @property
    def max_in_flight(self) -> int:
        """The part of one actor."""
        return max(1, self.runtime.max_in_flight // self.actors)


class LLM(DeskActor):
    """Answers requests: from the journal if it can, else from the endpoint, once."""

    def __init__(
        self, charter: LLMCharter, name: str, store: Handle, limiter: Handle | None
    ) -> None:
        """`name` stays the same when the actor is restarted.

        There is no `limiter` where no endpoint has limits.
        """
        self._backends = Backends(
            charter.models,
            charter.secrets,
            charter.prompts,
            seed=charter.seed,
            share=charter.actors,
            roles=charter.roles,
            components=charter.components,
            gate_of=_gates(charter.runtime, limiter),
        )
        self._llm = Journaled(
            self._backends.of_role,
            StoreJournal(RemoteStore(CoalescedPort(store))),
            max_in_flight=charter.max_in_flight,
            prefix_cache=PrefixCache(PREFIX_CACHE_TOKENS // charter.actors, COARSE_BLOCK_TOKENS),
            failpoints=Failpoints.from_environment(os.environ),
            tariffs=tariffs_of(charter.models),
            holder=name,
        )
        # What a life before this one had under way is under way no more. Nothing waits for the
        # answer: a store that does not hear of it has itself been restarted, and knows of none.
        store.answer.remote(ProcessDied(name))
        self._desk = Desk(self._llm.complete)

    async def ping(self) -> None:
        """As every actor; models that are files are loaded by then."""
        self._backends.load()
        await super().ping()

    async def stop(self) -> None:
        """Send nothing more; what is under way comes home."""
        self._llm.stop()

    async def stub_counters(self) -> tuple[StubCounters, ...]:
        """The counters of the stubs in this process."""
        return tuple(stub.counters for stub in self._backends.stubs)


def _gates(runtime: RuntimeConfig, limiter: Handle | None) -> GateOf:
    if limiter is None:
        return open_gates
    # The name is this life's: what a predecessor held comes back when its lease is over.
    return LeasedGates(RemoteLimiter(DirectPort(limiter)), runtime, holder=uuid.uuid4().hex[:8])
