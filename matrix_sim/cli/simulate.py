"""`matrix-sim simulate` and, for now its like, `matrix-sim run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matrix_sim.cli.options import ConfigArgument, JsonOption, RunOption, SetOption
from matrix_sim.text import counted, printable

if TYPE_CHECKING:
    from matrix_sim.summary import RunSummary

ForkOption = Annotated[
    Path | None,
    typer.Option(
        "--fork",
        metavar="NEW_DIR",
        help="Start a new run there that takes along what --run has paid for.",
    ),
]


def simulate(
    config: ConfigArgument,
    run: RunOption,
    set_: SetOption = None,
    fork: ForkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play the society and export its scenarios; on an existing run, go on from where it is."""
    import json
    import os

    from matrix_sim.cli.simulation import play
    from matrix_sim.config.file import load_config
    from matrix_sim.export.scenarios import SCENARIOS_FILE

    played = play(load_config(config, set_ or (), os.environ), run, fork, _say)
    file = played.run.directory / SCENARIOS_FILE
    if as_json:
        figures: dict[str, Any] = {
            "scenarios_file": str(file),
            "scenarios_exported": played.exported,
            "quota_met": played.end.quota_met,
        }
        print(json.dumps(figures | played.summary.as_dict(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(played.summary)))
        print(f"{played.exported} scenarios exported: {file}")


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)


def _lines(summary: RunSummary) -> list[str]:
    lines = [
        f"{summary.scenarios} scenarios from {summary.agents} agents in {summary.groups} groups, "
        f"{summary.ticks} ticks ({summary.null_ticks} of them null)",
        f"{summary.actions} actions: {summary.plan_steps} plan steps ({summary.plan_share:.0%}), "
        f"{summary.reactions} reactions ({summary.reaction_share:.0%}); {summary.idle} idle turns",
        f"plans: {summary.steps_done} steps done, {summary.steps_revised} revised, "
        f"{summary.plans_done} plans at their end",
        f"{summary.observations} observations, {summary.envelopes} envelopes between groups, "
        f"{summary.envelopes_taken_up} of {summary.delivered_envelopes} delivered ones taken up "
        f"({summary.inbox_cut + summary.observations_cut} cut by limits)",
        *_talk_lines(summary),
        *_sparing_lines(summary),
        f"{summary.replies} calls ({summary.calls_per_action:.2f} an action, "
        f"{summary.routing_calls} of them routing), {summary.calls_lost} in flight at a kill",
        f"{summary.prompt_tokens} prompt tokens ({summary.prompt_tokens_per_action:.0f} an action, "
        f"{summary.uncached_tokens_per_action:.0f} beyond a prefix cache), "
        f"{summary.completion_tokens} completion tokens",
    ]
    if summary.failures:
        lines.append(f"calls that failed for good: {counted(summary.failures)}")
    return lines


def _talk_lines(summary: RunSummary) -> list[str]:
    if summary.talk_likeness is None or summary.strangers_likeness is None:
        return []
    return [
        f"likeness (cosine) of who acts and who hears of it {summary.talk_likeness:.2f}, "
        f"of any two people {summary.strangers_likeness:.2f}"
    ]


def _sparing_lines(summary: RunSummary) -> list[str]:
    said = summary.sparing
    if said is None or said.spared_share is None:
        return []
    line = (
        f"routing: similarity took {said.spared} of {said.decisions} decisions "
        f"({said.spared_share:.0%})"
    )
    if said.agreed_share is not None:
        line += f"; of {said.compared} that the model saw too, it agreed on {said.agreed_share:.0%}"
    return [line]
