"""Budgets against kills, as a table: a seed a row, the driver of each run killed once by SIGKILL.

PYTHONPATH=. .venv/bin/python scripts/prove_budget.py [--seeds 20] [--calls 300 | --tokens 2000000]

Ends with 1 if a budget was exceeded, or a run did not end by saying so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.budget import BudgetTrial


def main(arguments: list[str]) -> int:
    """Read the arguments, print a row a seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--calls", type=int)
    parser.add_argument("--tokens", type=int)
    parser.add_argument("--in-flight", type=int, default=64)
    given = parser.parse_args(arguments)
    calls = given.calls if given.calls or given.tokens else 300
    print("| seed | killed after | calls charged | tokens charged | exit code | holds |")
    print("|---|---|---|---|---|---|", flush=True)
    broken = 0
    for seed in range(given.seeds):
        trial = BudgetTrial(
            seed, max_calls=calls, max_tokens=given.tokens, in_flight=given.in_flight
        )
        with tempfile.TemporaryDirectory(prefix="budget-") as folder:
            went = trial.run(Path(folder))
        said = "budget" in went.said.rpartition("matrix-sim:")[2]
        within = (calls is None or went.calls <= calls) and (
            given.tokens is None or went.tokens <= given.tokens
        )
        holds = within and said and went.code == 1
        broken += not holds
        print(
            f"| {seed} | {went.killed_at[0]} | {went.calls} | {went.tokens} | {went.code} "
            f"| {'yes' if holds else 'NO'} |",
            flush=True,
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
