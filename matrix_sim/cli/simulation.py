"""Plays a simulation from the command line: what is said before, meanwhile and after."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from matrix_sim.cli.anonymised import anonymised_line, close_look_lines
from matrix_sim.cli.playing import Acts, Played, play_to_the_end
from matrix_sim.cli.preflight import look_before_founding
from matrix_sim.cli.progress import ProgressDisplay
from matrix_sim.cli.run_location import lasting_directory, run_owner
from matrix_sim.cli.terminal import reserved_terminal
from matrix_sim.config.file import LoadedConfig
from matrix_sim.messages import group_label
from matrix_sim.run_directory import OpenedRun, open_run


def play(
    loaded: LoadedConfig,
    directory: Path,
    fork: Path | None,
    say: Callable[[str], None],
    acts: Acts,
    *,
    retry_failed: bool = False,
) -> Played:
    """Take a run to its end and export what came of it.

    With `retry_failed`, summaries and candidates that failed for good are asked for again.

    Raises:
        UsageError, RunFailure: see `open_run`; the run could not go on.
        KeyboardInterrupt: it was interrupted, and brought to a clean stop.
    """
    run = open_run(
        loaded,
        lasting_directory(directory, os.environ),
        owner=run_owner(),
        fork=fork and lasting_directory(fork, os.environ),
        retry_failed=retry_failed,
        say=say,
        before_founding=look_before_founding(loaded.config, say),
    )
    _introduce(run, say)
    if retry_failed:
        say(
            f"asking again where {run.asked_again} summaries and candidates had failed"
            if run.asked_again
            else "no summary and no candidate has failed: nothing to ask again"
        )
    quota = run.config.society.scenarios
    with (
        reserved_terminal(run.directory / "logs" / "ray.log") as terminal,
        ProgressDisplay(len(run.society.groups), quota, terminal) as display,
    ):
        played = asyncio.run(play_to_the_end(run, display, acts))
    if not played.end.quota_met:
        say(
            f"The quota of {quota} scenarios was not met: there are {played.end.scenarios} after "
            f"{played.end.ticks} ticks, where society.max_windows or the silence of everybody "
            "ended it."
        )
    return played


def _introduce(run: OpenedRun, say: Callable[[str], None]) -> None:
    for notice in run.notices:
        say(f"note: {notice}")
    state = "a new run" if run.fresh else "continuing the run"
    say(f"{state} in {run.directory}")
    for note in run.selection.notes:
        say(f"note: {note}")
    if run.selection.anonymised is not None:
        say(f"anonymised by rule: {anonymised_line(run.selection.anonymised)}")
    if run.close_look is not None:
        for line in close_look_lines(run.close_look):
            say(line)
    if run.fresh:
        for group in run.society.groups:
            people = " / ".join(run.society.members[a].speaker for a in group.members)
            say(f"  {group_label(group.group)}  {group.description}\n         {people}")
