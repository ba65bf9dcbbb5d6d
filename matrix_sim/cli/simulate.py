"""`matrix-sim run`, and its two halves `simulate` and `generate`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matrix_sim.cli.options import ConfigArgument, JsonOption, RunOption, SetOption
from matrix_sim.text import printable

if TYPE_CHECKING:
    from matrix_sim.cli.playing import Acts

ForkOption = Annotated[
    Path | None,
    typer.Option(
        "--fork",
        metavar="NEW_DIR",
        help="Start a new run there that takes along what --run has paid for.",
    ),
]
RetryOption = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="Ask again for summaries and candidates that failed for good; committed ticks stay as "
        "they are.",
    ),
]


def run(
    config: ConfigArgument,
    run: RunOption,
    set_: SetOption = None,
    fork: ForkOption = None,
    retry_failed: RetryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Play the society, then make and export the data sets; on an existing run, go on.

    Exit code 3 where it came to its end with fewer rows or scenarios than were asked for.
    """
    from matrix_sim.cli.playing import Acts

    _go_on(config, run, set_, fork, retry_failed, as_json, Acts())


def simulate(
    config: ConfigArgument,
    run: RunOption,
    set_: SetOption = None,
    fork: ForkOption = None,
    retry_failed: RetryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Play the society and export its scenarios; data sets can be made later."""
    from matrix_sim.cli.playing import Acts

    _go_on(config, run, set_, fork, retry_failed, as_json, Acts(makes=False))


def generate(
    config: ConfigArgument,
    run: RunOption,
    set_: SetOption = None,
    retry_failed: RetryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make and export the data sets of a society that has come to its end.

    Exit code 3 where there are fewer rows than were asked for.
    """
    from matrix_sim.cli.playing import Acts

    _go_on(config, run, set_, None, retry_failed, as_json, Acts(plays=False))


def _go_on(
    config: Path,
    run: Path,
    set_: Sequence[str] | None,
    fork: Path | None,
    retry_failed: bool,
    as_json: bool,
    acts: Acts,
) -> None:
    import json
    import os

    from matrix_sim.cli.errors import LESS_THAN_ASKED
    from matrix_sim.cli.export import exported_lines, stale_line
    from matrix_sim.cli.shortfall import shortfall
    from matrix_sim.cli.simulation import play
    from matrix_sim.cli.summary_lines import summary_lines
    from matrix_sim.config.file import load_config
    from matrix_sim.export.scenarios import SCENARIOS_FILE

    loaded = load_config(config, set_ or (), os.environ)
    played = play(loaded, run, fork, _say, acts, retry_failed=retry_failed)
    budget = played.run.config.budget
    file = played.run.directory / SCENARIOS_FILE
    if as_json:
        figures: dict[str, Any] = {
            "scenarios_file": str(file),
            "scenarios_exported": played.exported,
            "quota_met": played.end.quota_met,
            "budget": budget.model_dump(),
            "exports": [exported.as_dict() for exported in played.datasets],
            "stale_exports": [stale.as_dict() for stale in played.stale],
        }
        print(json.dumps(figures | played.summary.as_dict(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(summary_lines(played.summary, budget)))
        if played.run.config.society.ticks != 0:
            print(f"{played.exported} scenarios exported: {file}")
        for exported in played.datasets:
            print("\n".join(map(printable, exported_lines(exported))))
        for stale in played.stale:
            print(printable(stale_line(stale)))
    less = shortfall(
        scenarios=played.exported,
        quota=played.run.config.society.scenarios if acts.plays else None,
        datasets=played.summary.datasets if acts.makes else (),
    )
    if less:
        _say(f"matrix-sim: the run came to its end with {', '.join(less)}")
        raise typer.Exit(LESS_THAN_ASKED)


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
