"""`matrix-sim preview`: a few people of a config, on the real endpoints, as it happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matrix_sim.cli.options import ConfigArgument, JsonOption, SetOption
from matrix_sim.text import printable

if TYPE_CHECKING:
    from matrix_sim.config.file import LoadedConfig
    from matrix_sim.outlook.meter import Counts
    from matrix_sim.outlook.preview import Previewed
    from matrix_sim.outlook.preview_rows import PreviewedDataset

PreviewRunOption = Annotated[
    Path | None,
    typer.Option("--run", metavar="DIR", help="Keep what was played there; else it is temporary."),
]


def preview(
    config: ConfigArgument,
    people: Annotated[int, typer.Option("--people", "-n", min=1, help="How many people.")] = 3,
    run: PreviewRunOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a few people for one window on the real endpoints, and show it as it happens.

    What they want, plan and do, who hears of it, what the model thinks, and the scenario that comes
    of it; then a row of each data set for each of them, from the request to what the checks say;
    then what it took. It is paid for like any run: some six calls a person, and two to twelve a
    row.
    """
    import json
    import os
    import sys

    from matrix_sim.config.file import load_config

    loaded = load_config(config, set_ or (), os.environ)
    out = sys.stderr if as_json else sys.stdout
    previewed = played_preview(loaded, people, run, lambda line: print(line, file=out, flush=True))
    if as_json:
        print(json.dumps(_figures(previewed), ensure_ascii=False, indent=2))
        return
    print("\nwhat it took")
    width = max((len(what) for _, what in previewed.counts), default=0)
    for (role, what), count in sorted(previewed.counts.items()):
        taken = previewed.seconds.get((role, what))
        speed = f", {sum(taken) / len(taken):.1f} s each" if taken else ""
        print(
            f"  {role.value:<10} {what:<{width}} {count.calls} calls, "
            f"{count.counted_tokens:,} prompt tokens, {count.output_tokens:,} output tokens{speed}"
        )
    for made in previewed.datasets:
        print(f"  {_made_line(made, previewed.counts)}")


def _made_line(made: PreviewedDataset, counts: Counts) -> str:
    output = output_tokens_of(made.config.label, counts)
    a_row = f"; {round(output / made.accepted):,} output tokens a row" if made.accepted else ""
    refused = "".join(f", {count} by {check}" for check, count in made.refused.items())
    return printable(
        f"data set {made.config.label}: {made.accepted} of {len(made.candidates)} candidates "
        f"became rows{f' (refused{refused[1:]})' if refused else ''}{a_row}"
    )


def output_tokens_of(label: str, counts: Counts) -> int:
    """What a preview took for a data set, the refused candidates included."""
    from matrix_sim.outlook.meter import dataset_of

    return sum(n.output_tokens for kind, n in counts.items() if dataset_of(kind) == label)


def played_preview(
    loaded: LoadedConfig, people: int, run: Path | None, say: Callable[[str], None]
) -> Previewed:
    """Play a preview, told line by line, in `run` or in a directory that is thrown away.

    Raises:
        UsageError, RunFailure: as a run; the directory is another run's.
    """
    import asyncio
    import os
    import tempfile

    from matrix_sim.cli.preflight import look_before_founding
    from matrix_sim.cli.preview_display import PreviewDisplay
    from matrix_sim.cli.run_location import lasting_directory, run_owner
    from matrix_sim.outlook.preview import play_preview, preview_config
    from matrix_sim.run_directory import open_run

    small = preview_config(loaded, people)
    with tempfile.TemporaryDirectory(prefix="matrix-sim-preview-") as temporary:
        directory = Path(temporary) if run is None else lasting_directory(run, os.environ)
        opened = open_run(
            small,
            directory,
            owner=run_owner(),
            say=say,
            before_founding=look_before_founding(small.config, say),
        )
        display = PreviewDisplay(opened.society, say)
        display.people()
        return asyncio.run(
            play_preview(opened, run_owner(), display.tick, display.scenario, display.dataset)
        )


def _figures(previewed: Previewed) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "models": list(previewed.models),
        "people": [member.speaker for member in previewed.society.members],
        "kinds": [
            {
                "role": role.value,
                "what": what,
                "seconds": list(previewed.seconds.get((role, what), ())),
                **asdict(count),
            }
            for (role, what), count in sorted(previewed.counts.items())
        ],
        "datasets": [
            {
                "name": made.config.label,
                "kind": made.config.kind,
                "rows": made.accepted,
                "candidates": len(made.candidates),
                "refused": dict(made.refused),
                "output_tokens": output_tokens_of(made.config.label, previewed.counts),
                "problem": made.problem,
            }
            for made in previewed.datasets
        ],
    }
