"""How well runs use what an endpoint allows, as a table: the real program against the stub.

PYTHONPATH=. .venv/bin/python scripts/measure_limits.py rates    requests and tokens a minute
PYTHONPATH=. .venv/bin/python scripts/measure_limits.py slots    requests at once
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.support.limits import RateFigures, RateTrial, SlotFigures, SlotTrial

_BURST_S = {"rpm": 1.0, "tpm": 10.0}
"""What a bucket holds. A second of 100,000 tokens a minute is less than many a prompt."""


def main(arguments: list[str]) -> None:
    """Read the arguments and print a table, a row as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    rates = kinds.add_parser("rates")
    rates.add_argument("--rpm", type=int, default=600)
    rates.add_argument("--tpm", type=int, default=100_000)
    rates.add_argument("--warm-up", type=float, default=60.0)
    rates.add_argument("--seconds", type=float, default=120.0)
    rates.add_argument("--actors", type=int, nargs="+", default=[1, 3])
    rates.add_argument("--told", nargs="+", default=["config", "headers"])
    rates.add_argument("--limits", nargs="+", default=["rpm", "tpm"])
    rates.add_argument("--windows", nargs="+", default=["bucket", "sliding"])
    slots = kinds.add_parser("slots")
    slots.add_argument("--seconds", type=float, default=40.0)
    slots.add_argument("--slots", type=int, nargs="+", default=[8, 64])
    slots.add_argument("--over", nargs="+", default=["queue", "reject"])
    slots.add_argument("--actors", type=int, nargs="+", default=[1, 3])
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="limits-") as folder:
        if given.kind == "rates":
            _rates(given, Path(folder))
        else:
            _slots(given, Path(folder))


def _rates(given: argparse.Namespace, folder: Path) -> None:
    print("| limit | counted by | told by | LLM actors | used | rejected | in the warm-up |")
    print("|---|---|---|---|---|---|---|", flush=True)
    trials = itertools.product(given.limits, given.windows, given.told, given.actors)
    for number, (limit, window, told, actors) in enumerate(trials):
        trial = RateTrial(
            told=told,
            llm_actors=actors,
            window=window,
            burst_s=_BURST_S[limit],
            warm_up_s=given.warm_up,
            seconds=given.seconds,
        )
        trial = replace(trial, **{limit: getattr(given, limit)})
        figures = trial.run(folder / str(number))
        print(_rate_row(trial, figures), flush=True)


def _rate_row(trial: RateTrial, figures: RateFigures) -> str:
    limit = f"RPM {trial.rpm}" if trial.rpm is not None else f"TPM {trial.tpm}"
    return (
        f"| {limit} | {trial.window} | {trial.told} | {trial.llm_actors} | {figures.used:.1%} "
        f"| {figures.rejected:.1%} | {figures.rejected_in_warm_up:.1%} |"
    )


def _slots(given: argparse.Namespace, folder: Path) -> None:
    print("| above the slots | LLM actors | slots | round trips | busy | waiting | rejected |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for number, (over, actors) in enumerate(itertools.product(given.over, given.actors)):
        trial = SlotTrial(
            over=over, slots=tuple(given.slots), seconds=given.seconds, llm_actors=actors
        )
        for figures in trial.run(folder / str(number)):
            print(_slot_row(trial, figures), flush=True)


def _slot_row(trial: SlotTrial, figures: SlotFigures) -> str:
    found = "never" if figures.round_trips is None else f"{figures.round_trips:.1f}"
    return (
        f"| {figures.over} | {trial.llm_actors} | {figures.slots} | {found} "
        f"| {figures.busy:.1f} | {figures.waiting:.1f} | {figures.rejected:.1%} |"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
