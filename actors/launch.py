"""One run on a cluster, from the driver's side: it starts, is watched, is stopped, ends."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ray

from actors.casting import Cast as Cast
from actors.casting import Stage as Stage
from actors.casting import cast, has_limits, models_asked
from actors.coordinator import RunOrder, Status
from actors.handle import Handle
from actors.placement import ClusterSize, choose_placement
from actors.port import DirectPort
from actors.synthesist import MakeOrder, MakingStatus
from matrix_sim.errors import MatrixSimError, RunFailure
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.llm.limits.lease import LaneStatus
from matrix_sim.society.simulation import RunStopped, SimulationEnd

if TYPE_CHECKING:
    from matrix_sim.synthesis.making import Count

_DRIVER_LIVES = 5
"""How often in a row a driver may die without having committed anything in between."""
_STATUS_EVERY_S = 0.5
STOP_GRACE_S = 30.0
"""How long what is under way may take to come home after a stop."""


class Production:
    """One run on the cluster: from the casting to the last curtain."""

    def __init__(self, stage: Stage) -> None:
        """Decide on the placement; nothing is started yet.

        Raises:
            RunFailure: no Ray to be had.
        """
        self._stage = stage
        cluster = ClusterSize.of(ray.cluster_resources(), nodes=_nodes())
        self.placement = choose_placement(
            stage.config.runtime,
            len(stage.society.members),
            len(stage.society.groups),
            cluster,
            model_files=any(model.gguf is not None for model in models_asked(stage.config)),
        )
        self.cast: Cast | None = None
        self._progress = 0
        """Of the order under way, as far as the last status told."""
        self._stopping = False

    @property
    def actors(self) -> int:
        """How many actors there will be."""
        society, placement = self._stage.society, self.placement
        groups, people = len(society.groups), len(society.members)
        hosts = math.ceil(groups / placement.groups_per_host)
        holders = groups + people if placement.kind == "spread" else hosts
        troupe = holders + 1 if self._stage.plays else 0
        makes = self._stage.workshop is not None
        return troupe + makes + placement.llm_actors + 1 + has_limits(self._stage.config)

    async def start(self) -> Cast:
        """Create all actors and wait until each answers."""
        self.cast = cast(self._stage, self.placement)
        try:
            await asyncio.gather(*(actor.ping.remote() for actor in self.cast.everyone()))
        except MatrixSimError as told:
            # Ray's copy of it holds a traceback from there in its text.
            raise getattr(told, "cause", told) from None
        except ray.exceptions.RayError as death:
            raise RunFailure(
                f"an actor of the run did not start: {_cause(death)}{self._suspicion()}"
            ) from death
        return self.cast

    def _suspicion(self) -> str:
        models = models_asked(self._stage.config)
        files = dict.fromkeys(model.gguf.name for model in models if model.gguf is not None)
        if not files:
            return ""
        return (
            f". If the one that loaded {' and '.join(files)} was killed, there was no memory for "
            "it: lower 'llama.slots' or 'llama.context_tokens', or take a smaller model"
        )

    async def run(self, on_status: Callable[[Status], None]) -> SimulationEnd:
        """Play to the end, whoever dies on the way.

        Raises:
            EnvironmentalFailure, RunFailure, RunStopped: as `Simulation.run`.
            Exception: what `on_status` raised, once what was under way is home.
        """
        end: SimulationEnd = await self._drive(
            self._started().coordinator, RunOrder(), "coordinator", _ticks_of, on_status
        )
        return end

    async def make(self, on_status: Callable[[MakingStatus], None]) -> tuple[Count, ...]:
        """Make the data sets, whoever dies on the way; nobody of the society is needed any more.

        Raises:
            EnvironmentalFailure, RunFailure, RunStopped: as `Synthesis.run`.
            Exception: what `on_status` raised, once what was under way is home.
        """
        self._send_home()
        counts: tuple[Count, ...] = await self._drive(
            self._started().synthesist, MakeOrder(), "synthesist", _tried_of, on_status
        )
        return counts

    async def _drive(
        self,
        driver: Handle | None,
        order: object,
        name: str,
        progress_of: Callable[[Any], int],
        on_status: Callable[[Any], None],
    ) -> Any:
        if driver is None:
            raise AssertionError(f"there is no {name} on this stage")
        self._progress = 0
        watching = asyncio.create_task(self._watch(driver, progress_of, on_status))
        working = asyncio.create_task(self._order(driver, order, name))
        try:
            await asyncio.wait((watching, working), return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                await self.stop()
                await asyncio.wait((working,), timeout=STOP_GRACE_S)
                await watching
            return await working
        finally:
            watching.cancel()
            working.cancel()
            await asyncio.gather(watching, working, return_exceptions=True)

    async def _order(self, driver: Handle, order: object, name: str) -> Any:
        """Give the order; to a driver that came back again: the store knows where it was."""
        port, lives, progress = DirectPort(driver), 0, 0
        while True:
            try:
                return await port.ask(order)
            except EnvironmentalFailure as failure:
                if failure.hindrance is not Hindrance.ACTOR_LOST:
                    raise
                if self._stopping:
                    raise RunStopped from failure
                lives = 1 if self._progress > progress else lives + 1
                progress = self._progress
                if lives >= _DRIVER_LIVES:
                    raise RunFailure(
                        f"the {name} died {lives} times in a row ({failure.detail}); "
                        "run the same command again to go on"
                    ) from failure

    async def stop(self) -> None:
        """Let the calls under way come home; `run` or `make` then raises `RunStopped`."""
        self._stopping = True
        company = self._started()
        drivers = [a for a in (company.coordinator, company.synthesist) if a is not None]
        # A driver that is just being restarted begins nothing, and gets no new order. It is told
        # first: calls that are turned back are then no reason to end with a failure.
        for actor in (*drivers, *company.llm):
            with suppress(ray.exceptions.RayError):
                await actor.stop.remote()

    async def _watch(
        self,
        driver: Handle,
        progress_of: Callable[[Any], int],
        on_status: Callable[[Any], None],
    ) -> None:
        """Tell of the progress for ever; ends only by what `on_status` raises."""
        while True:
            await asyncio.sleep(_STATUS_EVERY_S)
            try:
                status = await driver.status.remote()
            except ray.exceptions.RayError:
                continue  # it is being restarted; `_order` sees to that
            if status is not None:
                self._progress = progress_of(status)
                on_status(replace(status, endpoints=await self._endpoints()))

    def _send_home(self) -> None:
        """End the actors of the society: they hold memory, and nobody asks them any more."""
        company = self._started()
        if company.coordinator is None:
            return
        holders = dict.fromkeys(company.groups.values())
        for actor in (company.coordinator, *holders, *company.agents.values()):
            ray.kill(actor)
        self.cast = replace(company, coordinator=None, groups={}, agents={})

    async def _endpoints(self) -> tuple[LaneStatus, ...]:
        """How the endpoints do; a limiter that is being restarted knows of none."""
        limiter = self._started().limiter
        if limiter is None:
            return ()
        try:
            lanes: tuple[LaneStatus, ...] = await limiter.status.remote()
        except ray.exceptions.RayError:
            return ()
        return lanes

    async def close(self) -> None:
        """End all actors; the store first commits what it was given."""
        if self.cast is None:
            return
        *others, store = self.cast.everyone()
        for actor in others:
            ray.kill(actor)
        # Should it fail: what the store had acknowledged is on disk in any case.
        with suppress(ray.exceptions.RayError, TimeoutError):
            await asyncio.wait_for(store.close.remote(), STOP_GRACE_S)
        ray.kill(store)

    def _started(self) -> Cast:
        if self.cast is None:
            raise AssertionError("start() comes first")
        return self.cast


def _ticks_of(status: Status) -> int:
    return status.committed_ticks


def _tried_of(status: MakingStatus) -> int:
    return sum(count.tried for count in status.counts)


def _nodes() -> int:
    return sum(1 for node in ray.nodes() if node["Alive"])


def _cause(death: BaseException) -> str:
    lines = [line.strip() for line in str(death).splitlines() if line.strip()]
    return lines[-1] if lines else repr(death)
