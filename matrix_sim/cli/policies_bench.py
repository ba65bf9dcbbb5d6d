"""`matrix-sim bench policies`: one society under every way of coming together and of routing."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from actors.connection import connect, disconnect
from matrix_sim.cli.run import Run
from matrix_sim.config import SocietyConfig
from matrix_sim.messages import Sparing
from matrix_sim.summary import RunSummary


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """What one pair of policies came to; figures an action are means over all actions."""

    communication: str
    routing: str
    groups: int
    scenarios: int
    actions: int
    reaction_share: float
    observations: int
    envelopes: int
    envelopes_taken_up: int
    calls_per_action: float
    routing_calls: int
    prompt_tokens_per_action: float
    uncached_tokens_per_action: float
    talk_likeness: float | None
    strangers_likeness: float | None
    spared_share: float | None
    """Of the decisions, those that hybrid routing took without the model."""
    agreed_share: float | None
    """Of the spared decisions that the model had a word on too, those on which it agreed."""
    seconds: float


def compare_policies(
    config: Path, overrides: list[str], say: Callable[[str], None]
) -> list[PolicyFigures]:
    """Play a config under every pair of policies, each in a directory that is thrown away.

    Raises:
        UsageError, RunFailure: as `Run.play`.
    """
    joined = connect()
    try:
        with tempfile.TemporaryDirectory(prefix="matrix-sim-policies-") as folder:
            figures = []
            pairs = list(_pairs())
            for number, (communication, routing) in enumerate(pairs, start=1):
                say(f"{number} of {len(pairs)}: {communication}, {routing}")
                chosen = [f"society.communication={communication}", f"society.routing={routing}"]
                directory = Path(folder) / f"{communication}-{routing}"
                began = time.monotonic()
                summary = Run(config, directory, overrides=[*overrides, *chosen]).play()
                seconds = time.monotonic() - began
                figures.append(_figures(communication, routing, summary, seconds))
            return figures
    finally:
        if joined:
            disconnect()


def table(figures: list[PolicyFigures]) -> str:
    """The figures as a Markdown table."""
    head = [
        "communication | routing | groups | scenarios | actions | reactions | observations "
        "| envelopes (taken up) | calls / action | routing calls | prompt tokens / action "
        "| beyond the prefix cache | likeness (strangers) | spared | agreed"
    ]
    rows = [
        " | ".join(
            [
                one.communication,
                one.routing,
                str(one.groups),
                str(one.scenarios),
                str(one.actions),
                f"{one.reaction_share:.0%}",
                str(one.observations),
                f"{one.envelopes} ({one.envelopes_taken_up})",
                f"{one.calls_per_action:.2f}",
                str(one.routing_calls),
                f"{one.prompt_tokens_per_action:.0f}",
                f"{one.uncached_tokens_per_action:.0f}",
                f"{_number(one.talk_likeness)} ({_number(one.strangers_likeness)})",
                _share(one.spared_share),
                _share(one.agreed_share),
            ]
        )
        for one in figures
    ]
    line = "|".join(["---"] * (head[0].count("|") + 1))
    return "\n".join(f"| {row} |" for row in [*head, line, *rows])


def as_rows(figures: list[PolicyFigures]) -> list[dict[str, Any]]:
    """For JSON."""
    return [asdict(one) for one in figures]


def _pairs() -> Iterator[tuple[str, str]]:
    fields = SocietyConfig.model_fields
    for communication in get_args(fields["communication"].annotation):
        for routing in get_args(fields["routing"].annotation):
            yield communication, routing


def _figures(
    communication: str, routing: str, summary: RunSummary, seconds: float
) -> PolicyFigures:
    sparing = summary.sparing or Sparing()
    return PolicyFigures(
        communication=communication,
        routing=routing,
        groups=summary.groups,
        scenarios=summary.scenarios,
        actions=summary.actions,
        reaction_share=summary.reaction_share,
        observations=summary.observations,
        envelopes=summary.envelopes,
        envelopes_taken_up=summary.envelopes_taken_up,
        calls_per_action=summary.calls_per_action,
        routing_calls=summary.routing_calls,
        prompt_tokens_per_action=summary.prompt_tokens_per_action,
        uncached_tokens_per_action=summary.uncached_tokens_per_action,
        talk_likeness=summary.talk_likeness,
        strangers_likeness=summary.strangers_likeness,
        spared_share=sparing.spared_share,
        agreed_share=sparing.agreed_share,
        seconds=seconds,
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
