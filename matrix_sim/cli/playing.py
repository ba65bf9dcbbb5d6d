"""Plays an opened run to its end: joins Ray, drives the actors, exports, adds up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from actors.connection import connect, disconnect
from actors.coordinator import Status
from actors.launch import STOP_GRACE_S, Production, Stage
from matrix_sim.cli.interrupts import Interrupts
from matrix_sim.cli.preflight import demand_endpoints
from matrix_sim.cli.run_location import run_owner
from matrix_sim.errors import RunFailure
from matrix_sim.export.scenarios import SCENARIOS_FILE, export_scenarios
from matrix_sim.llm.contracts import EnvironmentalFailure
from matrix_sim.llm.local_server import check_model_files
from matrix_sim.run_directory import OpenedRun
from matrix_sim.society.simulation import RunStopped, SimulationEnd
from matrix_sim.society.simulation_plan import plan_of
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run
from matrix_sim.text import counted


class Audience(Protocol):
    """Who is told how a run goes."""

    def say(self, line: str) -> None:
        """Something that happens once."""
        ...

    def show(self, status: Status) -> None:
        """How far it is now."""
        ...


@dataclass(frozen=True, slots=True)
class Played:
    """A run that came to its end."""

    run: OpenedRun
    end: SimulationEnd
    summary: RunSummary
    exported: int
    """Scenarios in `scenarios.jsonl`."""


async def play_to_the_end(run: OpenedRun, audience: Audience) -> Played:
    """Play what is left of a run and export its scenarios.

    Raises:
        RunFailure: it could not go on, or nobody did anything in it.
        KeyboardInterrupt: it was interrupted, and brought to a clean stop.
    """
    end = _ended(run)
    if end is not None:
        audience.say("the run has ended before: nothing is left to play")
    else:
        if not run.fresh:  # before it was founded, they were looked at
            await demand_endpoints(run.config, founding=False)
        end = await _produce(run, audience)
    with RunStore.read_only(run.directory) as store:
        quota = run.config.society.scenarios
        exported = export_scenarios(store.scenarios(), run.directory / SCENARIOS_FILE, quota)
        summary = summarise_run(store)
    if not summary.actions:
        causes = counted(summary.failures) or "no failure"
        raise RunFailure(
            f"nobody did anything: {summary.replies} replies, {causes}. "
            "Look at what the model answers: is it able to follow a JSON schema, and is "
            "'max_tokens' enough for its thinking and the reply? Then start a new run."
        )
    return Played(run, end, summary, exported)


def _ended(run: OpenedRun) -> SimulationEnd | None:
    """How the run has ended, if it has: then no actor need be started."""
    plan = plan_of(run.society, run.config.runtime)
    with RunStore.read_only(run.directory) as store:
        return plan.end(store.progress(len(plan.neighbours), plan.settings.window))


async def _produce(run: OpenedRun, audience: Audience) -> SimulationEnd:
    for note in check_model_files(run.config):
        audience.say(f"note: {note}")
    with Interrupts() as interrupts:
        audience.say("joining Ray")
        joined = connect()
        try:
            interrupts.listen()  # again: Ray has put a handler of its own in place
            return await _staged(run, interrupts, audience)
        finally:
            if joined:
                disconnect()


async def _staged(run: OpenedRun, interrupts: Interrupts, audience: Audience) -> SimulationEnd:
    stage = Stage(run.society, run.config, run.prompts, run.directory, run_owner())
    production = Production(stage)
    placement = production.placement
    audience.say(f"placement {placement.kind}: {placement.reason}")
    audience.say(f"starting {production.actors} actors")
    try:
        await interrupts.unless_one_comes(production.start())
        return await _until_done_or_stopped(production, interrupts, audience)
    except EnvironmentalFailure as failure:
        raise RunFailure(
            f"{failure}\nWhat is done is kept: the same command goes on from there."
        ) from failure
    except RunStopped:
        raise KeyboardInterrupt from None
    finally:
        await production.close()


async def _until_done_or_stopped(
    production: Production, interrupts: Interrupts, audience: Audience
) -> SimulationEnd:
    playing = asyncio.create_task(production.run(audience.show))
    try:
        try:
            return await interrupts.unless_one_comes(asyncio.shield(playing))
        except KeyboardInterrupt:
            audience.say("stopping: what is under way comes home (interrupt again to leave it)")
            await production.stop()
            async with asyncio.timeout(STOP_GRACE_S):
                return await interrupts.unless_one_comes(asyncio.shield(playing))
    except TimeoutError:
        raise KeyboardInterrupt from None
    finally:
        playing.cancel()
        await asyncio.wait((playing,))
