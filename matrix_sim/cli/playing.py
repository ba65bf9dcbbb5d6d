"""Takes an opened run to its end: joins Ray, drives the actors, exports, adds up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from actors.connection import connect, disconnect
from actors.coordinator import Status
from actors.launch import STOP_GRACE_S, Production, Stage
from matrix_sim.cli.interrupts import Interrupts
from matrix_sim.cli.preflight import demand_endpoints
from matrix_sim.cli.run_location import run_owner
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.export.dataset import EXPORTS, Exported, export_dataset
from matrix_sim.export.finished import read_datasets
from matrix_sim.export.format_names import FormatName
from matrix_sim.export.scenarios import SCENARIOS_FILE, export_scenarios
from matrix_sim.export.stale import Stale, stale_exports
from matrix_sim.llm.contracts import EnvironmentalFailure
from matrix_sim.llm.local_server import check_model_files
from matrix_sim.run_directory import OpenedRun
from matrix_sim.society.simulation import RunStopped, SimulationEnd
from matrix_sim.society.simulation_plan import plan_of
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run
from matrix_sim.synthesis.registration import is_complete
from matrix_sim.text import counted

if TYPE_CHECKING:
    from actors.synthesist import MakingStatus
    from matrix_sim.synthesis.synthesis import Workshop

T = TypeVar("T")


class Audience(Protocol):
    """Who is told how a run goes."""

    def say(self, line: str) -> None:
        """Something that happens once."""
        ...

    def show(self, status: Status) -> None:
        """How far the society is now."""
        ...

    def show_making(self, status: MakingStatus) -> None:
        """How far the data sets are now."""
        ...


@dataclass(frozen=True, slots=True)
class Acts:
    """What of a run is to be done."""

    plays: bool = True
    makes: bool = True


@dataclass(frozen=True, slots=True)
class Played:
    """A run that came to its end."""

    run: OpenedRun
    end: SimulationEnd
    summary: RunSummary
    exported: int
    """Scenarios in `scenarios.jsonl`."""
    datasets: tuple[Exported, ...] = ()
    """What was written of the data sets, those without rows left out."""
    stale: tuple[Stale, ...] = ()
    """What lies beside it and is of an earlier state."""


async def play_to_the_end(run: OpenedRun, audience: Audience, acts: Acts = Acts()) -> Played:
    """Do what is left of a run and export its scenarios.

    Raises:
        UsageError: data sets are to be made, and the society has not come to its end.
        RunFailure: it could not go on, or nobody did anything in it.
        KeyboardInterrupt: it was interrupted, and brought to a clean stop.
    """
    end = _ended(run)
    if end is not None:
        _demand_actions(run)
    if end is None and not acts.plays:
        raise UsageError(
            f"{run.directory} has not come to its end, and data sets grow from a society that has: "
            "'matrix-sim run' plays it and then makes them"
        )
    left = Acts(plays=end is None, makes=acts.makes and _something_to_make(run))
    if not left.plays and not left.makes:
        audience.say("the run has ended before: nothing is left to do")
    else:
        if not run.fresh:  # before it was founded, they were looked at
            await demand_endpoints(run.config, founding=False)
        end = await _produce(run, audience, left, end)
    if end is None:
        raise AssertionError("a run that was played has an end")
    with RunStore.read_only(run.directory) as store:
        quota = run.config.society.scenarios
        exported = export_scenarios(store.scenarios(), run.directory / SCENARIOS_FILE, quota)
        summary = summarise_run(store, run.config.datasets, quota=quota)
    datasets, stale = _exported(run) if acts.makes else ((), ())
    return Played(run, end, summary, exported, datasets, stale)


def _exported(run: OpenedRun) -> tuple[tuple[Exported, ...], tuple[Stale, ...]]:
    """Write all data sets as TRL reads them; other formats are for `matrix-sim export`."""
    finished = read_datasets(run.directory)
    out = run.directory / EXPORTS
    written = {
        one.config.label: export_dataset(finished, one, FormatName.TRL, out)
        for one in finished.datasets
    }
    rows = {name: None if one is None else one.rows for name, one in written.items()}
    exported = tuple(one for one in written.values() if one is not None)
    return exported, stale_exports(out, rows.keys(), rows)


def _ended(run: OpenedRun) -> SimulationEnd | None:
    """How the society has ended, if it has: then none of its actors need be started."""
    plan = plan_of(run.society, run.config.runtime)
    with RunStore.read_only(run.directory) as store:
        return plan.end(store.progress(len(plan.neighbours), plan.settings.window))


def _something_to_make(run: OpenedRun) -> bool:
    with RunStore.read_only(run.directory) as store:
        return any(not is_complete(store, dataset) for dataset in run.config.datasets)


async def _produce(
    run: OpenedRun, audience: Audience, left: Acts, end: SimulationEnd | None
) -> SimulationEnd | None:
    for note in check_model_files(run.config):
        audience.say(f"note: {note}")
    with Interrupts() as interrupts:
        audience.say("joining Ray")
        joined = connect()
        try:
            interrupts.listen()  # again: Ray has put a handler of its own in place
            return await _staged(run, interrupts, audience, left, end)
        finally:
            if joined:
                disconnect()


async def _staged(
    run: OpenedRun,
    interrupts: Interrupts,
    audience: Audience,
    left: Acts,
    end: SimulationEnd | None,
) -> SimulationEnd | None:
    stage = Stage(
        run.society,
        run.config,
        run.prompts,
        run.directory,
        run_owner(),
        plays=left.plays,
        workshop=_workshop(run) if left.makes else None,
    )
    production = Production(stage)
    placement = production.placement
    if left.plays:
        audience.say(f"placement {placement.kind}: {placement.reason}")
    audience.say(f"starting {production.actors} actors")
    try:
        await interrupts.unless_one_comes(production.start())
        if left.plays:
            playing = production.run(audience.show)
            end = await _until_done_or_stopped(playing, production, interrupts, audience)
            _demand_actions(run)
        if left.makes:
            audience.say("the society has come to its end; making the data sets")
            making = production.make(audience.show_making)
            await _until_done_or_stopped(making, production, interrupts, audience)
        return end
    except EnvironmentalFailure as failure:
        raise RunFailure(
            f"{failure}\nWhat is done is kept: the same command goes on from there."
        ) from failure
    except RunStopped:
        raise KeyboardInterrupt from None
    finally:
        await production.close()


def _workshop(run: OpenedRun) -> Workshop:
    from matrix_sim.synthesis.synthesis import Workshop

    return Workshop(run.config, run.society, run.prompts, run.facets)


def _demand_actions(run: OpenedRun) -> None:
    """Refuse to go on with a society in which nobody did anything, though it was to."""
    with RunStore.read_only(run.directory) as store:
        summary = summarise_run(store)
    if not summary.actions and run.config.society.ticks != 0:
        causes = counted(summary.failures) or "no failure"
        raise RunFailure(
            f"nobody did anything: {summary.replies} replies, {causes}. "
            "Look at what the model answers: is it able to follow a JSON schema, and is "
            "'max_tokens' enough for its thinking and the reply? Then start a new run."
        )


async def _until_done_or_stopped(
    work: Coroutine[Any, Any, T],
    production: Production,
    interrupts: Interrupts,
    audience: Audience,
) -> T:
    working = asyncio.create_task(work)
    try:
        try:
            return await interrupts.unless_one_comes(asyncio.shield(working))
        except KeyboardInterrupt:
            audience.say("stopping: what is under way comes home (interrupt again to leave it)")
            await production.stop()
            async with asyncio.timeout(STOP_GRACE_S):
                return await interrupts.unless_one_comes(asyncio.shield(working))
    except TimeoutError:
        raise KeyboardInterrupt from None
    finally:
        working.cancel()
        await asyncio.wait((working,))
