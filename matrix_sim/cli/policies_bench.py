"""`matrix-sim bench policies`: one society under every way of coming together and of routing."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from actors.connection import connect, disconnect
from matrix_sim.cli.run import Run
from matrix_sim.config import SocietyConfig
from matrix_sim.messages import Sparing
from matrix_sim.summary import RunSummary

Pair = tuple[str, str]
"""Values of `society.communication` and `society.routing`."""


@dataclass(frozen=True, slots=True)
class PolicyRun:
    """What one pair of policies came to."""

    communication: str
    routing: str
    summary: RunSummary
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        policies = {"communication": self.communication, "routing": self.routing}
        return policies | {"seconds": self.seconds} | self.summary.as_dict()


def all_pairs() -> list[Pair]:
    """Every communication with every routing that there is."""
    fields = SocietyConfig.model_fields
    return [
        (communication, routing)
        for communication in get_args(fields["communication"].annotation)
        for routing in get_args(fields["routing"].annotation)
    ]


def compare_policies(
    config: Path, overrides: Sequence[str], pairs: Sequence[Pair], say: Callable[[str], None]
) -> list[PolicyRun]:
    """Play a config under each pair of policies, in a directory that is thrown away.

    Raises:
        UsageError, RunFailure: as `Run.play`.
    """
    joined, runs = connect(), list[PolicyRun]()
    try:
        with tempfile.TemporaryDirectory(prefix="matrix-sim-policies-") as folder:
            for number, (communication, routing) in enumerate(pairs, start=1):
                say(f"{number} of {len(pairs)}: {communication}, {routing}")
                chosen = [f"society.communication={communication}", f"society.routing={routing}"]
                directory = Path(folder) / f"{communication}-{routing}"
                began = time.monotonic()
                summary = Run(config, directory, overrides=[*overrides, *chosen]).play()
                seconds = time.monotonic() - began
                runs.append(PolicyRun(communication, routing, summary, seconds))
        return runs
    finally:
        if joined:
            disconnect()


def table(runs: Sequence[PolicyRun]) -> str:
    """The figures as a Markdown table."""
    rows = [list(_COLUMNS), ["---"] * len(_COLUMNS)]
    rows += [[cell(run, run.summary) for cell in _COLUMNS.values()] for run in runs]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _sparing(summary: RunSummary) -> Sparing:
    return summary.sparing or Sparing()


_COLUMNS: Mapping[str, Callable[[PolicyRun, RunSummary], str]] = {
    "communication": lambda run, _: run.communication,
    "routing": lambda run, _: run.routing,
    "groups": lambda _, s: str(s.groups),
    "scenarios": lambda _, s: str(s.scenarios),
    "actions": lambda _, s: str(s.actions),
    "reactions": lambda _, s: f"{s.reaction_share:.0%}",
    "observations": lambda _, s: str(s.observations),
    "envelopes (taken up)": lambda _, s: f"{s.envelopes} ({s.envelopes_taken_up})",
    "calls / action": lambda _, s: f"{s.calls_per_action:.2f}",
    "routing calls": lambda _, s: str(s.routing_calls),
    "prompt tokens / action": lambda _, s: f"{s.prompt_tokens_per_action:.0f}",
    "beyond the prefix cache": lambda _, s: f"{s.uncached_tokens_per_action:.0f}",
    "likeness (strangers)": lambda _, s: (
        f"{_number(s.talk_likeness)} ({_number(s.strangers_likeness)})"
    ),
    "spared": lambda _, s: _share(_sparing(s).spared_share),
    "agreed": lambda _, s: _share(_sparing(s).agreed_share),
}
"""Figures an action are means over all actions."""
