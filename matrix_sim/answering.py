"""Who answers in this process, without Ray: endpoints under their limits, behind a journal.

What `actors.llm` puts into a process of its own; here the limiter is next door.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from matrix_sim.config import ModelConfig, RunConfig
from matrix_sim.failpoints import NO_FAILPOINTS
from matrix_sim.llm.backends import Backends
from matrix_sim.llm.contracts import LLM, Gate, Role
from matrix_sim.llm.journaled import Journaled
from matrix_sim.llm.limits.gates import LeasedGates
from matrix_sim.llm.limits.limiter import Limiter
from matrix_sim.llm.prefix_cache import PREFIX_CACHE_TOKENS, PrefixCache
from matrix_sim.llm.tariff import tariffs_of
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.store.adapters import StoreChannel, StoreJournal


@dataclass(frozen=True, slots=True)
class Answering:
    """Who is asked, and who knows how the endpoints do."""

    llm: LLM
    limiter: Limiter


@asynccontextmanager
async def answering(
    config: RunConfig,
    prompts: PromptLibrary,
    channel: StoreChannel,
    holder: str,
    *,
    roles: Sequence[Role],
    components: int | None = None,
    around: Callable[[Gate], Gate] = lambda gate: gate,
) -> AsyncIterator[Answering]:
    """The models of a config, for as long as the block lasts.

    What is under way when it ends is ended, and its connections are closed.

    Args:
        config: of the run.
        prompts: of the run.
        channel: the way to the store that holds the journal; it stays open.
        holder: what this process goes by at its own limiter.
        roles: those that will ask.
        components: length of the vectors that people were grouped by, where they are asked for.
        around: what is put around each endpoint's gate.
    """
    limiter = Limiter(holder)
    gates = LeasedGates(limiter, config.runtime, holder)

    def gate_of(model: ModelConfig, address: str) -> Gate:
        return around(gates(model, address))

    backends = Backends(
        config.models,
        config.secrets,
        prompts,
        seed=config.seed,
        roles=roles,
        components=components,
        gate_of=gate_of,
    )
    llm = Journaled(
        backends.of_role,
        StoreJournal(channel),
        max_in_flight=config.runtime.max_in_flight,
        prefix_cache=PrefixCache(PREFIX_CACHE_TOKENS),
        failpoints=NO_FAILPOINTS,
        tariffs=tariffs_of(config.models),
    )
    try:
        yield Answering(llm, limiter)
    finally:
        # An interrupt must not leave a call open in the journal.
        await asyncio.shield(llm.close())
        await backends.close()
