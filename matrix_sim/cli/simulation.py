"""Plays a simulation from the command line: opens the run, drives the actors, exports, reports."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from actors.launch import STOP_GRACE_S, Production, Stage, connect, disconnect
from matrix_sim.cli.interrupts import Interrupts
from matrix_sim.cli.progress import ProgressDisplay
from matrix_sim.cli.run_location import lasting_directory
from matrix_sim.cli.terminal import reserved_terminal
from matrix_sim.config.file import LoadedConfig
from matrix_sim.errors import RunFailure
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.llm.contracts import EnvironmentalFailure
from matrix_sim.messages import group_label
from matrix_sim.run_directory import OpenedRun, open_run
from matrix_sim.society.simulation import RunStopped, SimulationEnd
from matrix_sim.society.simulation_plan import plan_of
from matrix_sim.store.run_store import RunStore
from matrix_sim.summary import RunSummary, summarise_run


@dataclass(frozen=True, slots=True)
class Played:
    """A run that came to its end."""

    run: OpenedRun
    end: SimulationEnd
    summary: RunSummary
    exported: int
    """Scenarios in `scenarios.jsonl`."""


def play(
    loaded: LoadedConfig, directory: Path, fork: Path | None, say: Callable[[str], None]
) -> Played:
    """Play a run to its end and export its scenarios.

    Raises:
        UsageError, RunFailure: see `open_run`; the run could not go on.
        KeyboardInterrupt: it was interrupted, and brought to a clean stop.
    """
    owner = f"matrix-sim on {socket.gethostname()}"
    run = open_run(
        loaded,
        lasting_directory(directory, os.environ),
        owner=owner,
        fork=fork and lasting_directory(fork, os.environ),
    )
    _introduce(run, say)
    quota = run.config.society.scenarios
    end = _ended(run)
    if end is not None:
        say("the run has ended before: nothing is left to play")
    else:
        with (
            reserved_terminal(run.directory / "logs" / "ray.log") as terminal,
            ProgressDisplay(len(run.society.groups), quota, terminal) as display,
        ):
            end = asyncio.run(_produce(run, owner, display))
    if not end.quota_met:
        say(
            f"The quota of {quota} scenarios was not met: there are {end.scenarios} after "
            f"{end.ticks} ticks, where society.max_windows or the silence of everybody ended it."
        )
    with RunStore.read_only(run.directory) as store:
        exported = export_scenarios(store.scenarios(), run.directory / "scenarios.jsonl", quota)
        summary = summarise_run(store)
    if not summary.actions:
        causes = ", ".join(f"{kind} {count}" for kind, count in summary.failures.items())
        raise RunFailure(
            f"nobody did anything: {summary.replies} replies, {causes or 'no failure'}. "
            "Look at what the model answers: is it able to follow a JSON schema, and is "
            "'max_tokens' enough for its thinking and the reply? Then start a new run."
        )
    return Played(run, end, summary, exported)


def _ended(run: OpenedRun) -> SimulationEnd | None:
    """How the run has ended, if it has: then no actor need be started."""
    plan = plan_of(run.society, run.config.runtime)
    with RunStore.read_only(run.directory) as store:
        return plan.end(store.progress(len(plan.neighbours), plan.settings.window))


def _introduce(run: OpenedRun, say: Callable[[str], None]) -> None:
    for notice in run.notices:
        say(f"note: {notice}")
    state = "a new run" if run.fresh else "continuing the run"
    say(f"{state} in {run.directory}")
    if run.selection.replaced_characters:
        say(f"note: {run.selection.replaced_characters} unstorable characters in personas replaced")
    if run.fresh:
        for group in run.society.groups:
            people = " / ".join(run.society.members[a].speaker for a in group.members)
            say(f"  {group_label(group.group)}  {group.description}\n         {people}")


async def _produce(run: OpenedRun, owner: str, display: ProgressDisplay) -> SimulationEnd:
    interrupts = Interrupts()
    display.say("joining Ray")
    connect()
    interrupts.listen()  # again: Ray has put a handler of its own in place
    production = Production(Stage(run.society, run.config, run.prompts, run.directory, owner))
    placement = production.placement
    display.say(f"placement {placement.kind}: {placement.reason}")
    display.say(f"starting {production.actors} actors")
    try:
        await interrupts.unless_one_comes(production.start())
        return await _until_done_or_stopped(production, interrupts, display)
    except EnvironmentalFailure as failure:
        raise RunFailure(
            f"{failure}\nWhat is done is kept: the same command goes on from there."
        ) from failure
    except RunStopped:
        raise KeyboardInterrupt from None
    finally:
        await production.close()
        disconnect()


async def _until_done_or_stopped(
    production: Production, interrupts: Interrupts, display: ProgressDisplay
) -> SimulationEnd:
    playing = asyncio.create_task(production.run(display.show))
    try:
        try:
            return await interrupts.unless_one_comes(asyncio.shield(playing))
        except KeyboardInterrupt:
            display.say("stopping: what is under way comes home (interrupt again to leave it)")
            await production.stop()
            async with asyncio.timeout(STOP_GRACE_S):
                return await interrupts.unless_one_comes(asyncio.shield(playing))
    except TimeoutError:
        raise KeyboardInterrupt from None
    finally:
        playing.cancel()
        await asyncio.wait((playing,))
