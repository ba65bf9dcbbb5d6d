"""A server that is killed in mid-run and comes back: does the run go on by itself, at what cost?

PYTHONPATH=. .venv/bin/python scripts/prove_outage.py [--seconds 15]

The run has the config's own patience. Ends with 1 if a byte differs from the undisturbed run, or
something was asked again that the journal held.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.outage import play_with_outage
from tests.support.small_run import expected_scenarios

_PEOPLE = 30
_SOCIETY = {
    "group_size": {"min": 3, "max": 7, "mean": 5},
    "neighbours": 2,
    "weak_ties": 1,
    "ticks": 12,
}


def main(arguments: list[str]) -> int:
    """Play, kill, compare, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="outage-") as name:
        folder = Path(name)
        went = play_with_outage(
            folder,
            seconds=given.seconds,
            after_replies=100,
            latency="lognormal:0.3:0.7",
            model={},
            people=_PEOPLE,
            society=_SOCIETY,
        )
        if went.code != 0:
            print(went.said)
            return 1
        undisturbed = folder / "undisturbed"
        undisturbed.mkdir()
        expected = expected_scenarios(undisturbed, _SOCIETY, people=_PEOPLE)
        same = Path(went.summary["scenarios_file"]).read_bytes() == expected
    twice = {*went.served_before} & {*went.served_after}
    needless = went.kept_before & {*went.served_after}
    print(went.said)
    print(f"the server was gone for {given.seconds:g} s, with {len(went.kept_before)} replies kept")
    print(f"first reply {went.recovered_s:.1f} s after it listened again")
    print(f"served before and after: {len(twice)}; of those, kept before the kill: {len(needless)}")
    print(f"perhaps paid for nothing: {went.summary['calls_lost']} calls")
    print(f"the same bytes as without: {'yes' if same else 'NO'}")
    return 0 if same and not needless else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
