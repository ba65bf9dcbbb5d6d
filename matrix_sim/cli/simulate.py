"""`matrix-sim simulate` and, for now its like, `matrix-sim run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from matrix_sim.cli.options import ConfigArgument, JsonOption, RunOption, SetOption
from matrix_sim.text import printable

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
        help="Ask again for the summaries that failed for good; committed ticks stay as they are.",
    ),
]


def simulate(
    config: ConfigArgument,
    run: RunOption,
    set_: SetOption = None,
    fork: ForkOption = None,
    retry_failed: RetryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Play the society and export its scenarios; on an existing run, go on from where it is."""
    import json
    import os

    from matrix_sim.cli.simulation import play
    from matrix_sim.cli.summary_lines import summary_lines
    from matrix_sim.config.file import load_config
    from matrix_sim.export.scenarios import SCENARIOS_FILE

    loaded = load_config(config, set_ or (), os.environ)
    played = play(loaded, run, fork, _say, retry_failed=retry_failed)
    budget = played.run.config.budget
    file = played.run.directory / SCENARIOS_FILE
    if as_json:
        figures: dict[str, Any] = {
            "scenarios_file": str(file),
            "scenarios_exported": played.exported,
            "quota_met": played.end.quota_met,
            "budget": budget.model_dump(),
        }
        print(json.dumps(figures | played.summary.as_dict(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(summary_lines(played.summary, budget)))
        print(f"{played.exported} scenarios exported: {file}")


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
