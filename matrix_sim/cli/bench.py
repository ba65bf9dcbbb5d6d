"""`matrix-sim bench`: what the engine, calls, reading personas and checks cost on this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from matrix_sim.cli.options import ConfigArgument, JsonOption, SetOption

bench = typer.Typer(help="Measure what things cost on this machine.", no_args_is_help=True)


class ClockKind(StrEnum):
    """Which clock the groups go by."""

    WINDOW = "window"
    """The simulation's: a group may be a window ahead of its neighbours."""
    NONE = "none"
    """No group waits for another."""


@bench.callback()
def _bench() -> None:
    """Measure what things cost on this machine."""


@bench.command("engine")
def engine(
    personas: Annotated[int, typer.Option(min=3)] = 1000,
    groups: Annotated[int, typer.Option(min=1)] = 200,
    ticks: Annotated[int, typer.Option(min=2, help="Ticks of each group.")] = 9,
    placement: Literal["spread", "packed", "auto"] = "packed",
    llm_actors: Annotated[int, typer.Option(min=1)] = 1,
    latency: Annotated[
        str, typer.Option(help="Of the stub: fixed:SECONDS or lognormal:MEAN:SIGMA.")
    ] = "fixed:0",
    slots: Annotated[int, typer.Option(min=1, help="Requests that the stub serves at once.")] = 64,
    clock: Annotated[
        list[ClockKind] | None,
        typer.Option(
            help="window (the default), or none: no group waits for another. "
            "Give both to compare them in one run."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a society on the embedded stub, everything durable, and measure it."""
    import json
    import tempfile

    from matrix_sim.cli.engine_bench import EngineLoad, run_engine
    from matrix_sim.cli.terminal import reserved_terminal

    load = EngineLoad(personas, groups, ticks, placement, llm_actors, latency, slots)
    runs = []
    with tempfile.TemporaryDirectory(prefix="matrix-sim-bench-") as folder:
        for number, kind in enumerate(clock or [ClockKind.WINDOW]):
            directory = Path(folder) / f"run{number}"
            with reserved_terminal(Path(folder) / "ray.log") as terminal:
                print(f"clock {kind}: running", file=terminal)
                runs.append(run_engine(load, kind, directory).as_dict())
    figures: dict[str, Any] = runs[0] | {"runs": runs}
    if len(runs) > 1:
        free = [run["slot_utilisation"] for run in runs if run["clock"] == ClockKind.NONE]
        if free and free[0]:
            figures["slot_utilisation_over_no_clock"] = runs[0]["slot_utilisation"] / free[0]
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        for run in runs:
            print("\n".join(f"{key:<28} {_shown(value)}" for key, value in run.items()), end="\n\n")
        if "slot_utilisation_over_no_clock" in figures:
            ratio = figures["slot_utilisation_over_no_clock"]
            print(f"slots are {ratio:.3f} as busy as without any clock")


@bench.command("policies")
def policies(config: ConfigArgument, set_: SetOption = None, as_json: JsonOption = False) -> None:
    """Play one config under every communication and routing, and compare what comes of it."""
    import json
    import tempfile
    from pathlib import Path

    from matrix_sim.cli.policies_bench import all_pairs, compare_policies, table
    from matrix_sim.cli.terminal import reserved_terminal

    with (
        tempfile.TemporaryDirectory(prefix="matrix-sim-bench-") as folder,
        reserved_terminal(Path(folder) / "ray.log") as terminal,
    ):
        runs = compare_policies(
            config, set_ or [], all_pairs(), lambda line: print(line, file=terminal)
        )
    print(json.dumps([run.as_dict() for run in runs], indent=2) if as_json else table(runs))


@bench.command("client")
def client(
    calls: Annotated[int, typer.Option(min=1, help="Calls of a block.")] = 512,
    rounds: Annotated[int, typer.Option(min=1, help="Blocks of each.")] = 7,
    in_flight: Annotated[int, typer.Option(min=1, help="Requests at once.")] = 64,
    folder: Annotated[
        Path | None,
        typer.Option("--in", help="Where the store is written; a temporary folder without it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """CPU a call of the whole path, journal on disk included, over that of the bare client."""
    import json
    import tempfile

    from matrix_sim.cli.client_bench import ClientLoad, bench_client

    load = ClientLoad(calls, rounds, in_flight)
    with tempfile.TemporaryDirectory(prefix="matrix-sim-bench-", dir=folder) as run:
        figures = bench_client(load, Path(run)).as_dict()
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        print("\n".join(f"{key:<28} {_shown(value)}" for key, value in figures.items()))


@bench.command("personas")
def personas(
    rows: Annotated[int, typer.Option(min=1, help="Rows of the Parquet shard.")] = 100_000,
    count: Annotated[int, typer.Option(min=1, help="How many of them are chosen.")] = 1000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: JsonOption = False,
) -> None:
    """Make a Parquet shard in the schema of Nemotron-Personas-Japan and measure reading it."""
    import json
    import tempfile
    from dataclasses import asdict
    from pathlib import Path

    from matrix_sim.cli.personas_bench import bench_reading
    from matrix_sim.errors import UsageError

    if count > rows:
        raise UsageError(f"--count {count}: there are no more than --rows {rows}")
    with tempfile.TemporaryDirectory(prefix="matrix-sim-bench-") as folder:
        runs = [asdict(figures) for figures in bench_reading(Path(folder), rows, count, seed)]
    if as_json:
        print(json.dumps({"runs": runs}, indent=2))
    else:
        for run in runs:
            print("\n".join(f"{key:<28} {_shown(value)}" for key, value in run.items()), end="\n\n")


@bench.command("quality")
def quality(
    rows: Annotated[int, typer.Option(min=8, help="Rows that are looked at.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: JsonOption = False,
) -> None:
    """Look at made-up Japanese rows with all checks by rule and all memories, on one core."""
    import json

    from matrix_sim.cli.quality_bench import bench_quality, lines

    figures = bench_quality(rows, seed)
    if as_json:
        print(json.dumps(figures.as_dict(), indent=2))
    else:
        print("\n".join(lines(figures)))


@bench.command("anonymise")
def anonymise(
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS", help="JSONL: id, text, profile, spans.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Precision and recall of the rules that anonymise, over texts whose finds are known."""
    import json

    from matrix_sim.personas.anonymise.scoring import read_cases, score

    result = score(read_cases(corpus))
    if as_json:
        print(json.dumps(result.as_dict(), indent=2))
        return
    print(f"{'rule':<12} {'right':>6} {'extra':>6} {'missed':>6} {'precision':>10} {'recall':>7}")
    for rule in result.rules:
        print(
            f"{rule.kind:<12} {rule.right:>6} {len(rule.extra):>6} {len(rule.missed):>6} "
            f"{rule.precision:>10.3f} {rule.recall:>7.3f}"
        )
    print(f"{result.cases} texts, {result.microseconds_a_text:.0f} us a text, new rules for each")
    for rule in result.rules:
        for word, cases in (("extra", rule.extra), ("missed", rule.missed)):
            if cases:
                print(f"{rule.kind}, {word}: {', '.join(cases)}")


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
