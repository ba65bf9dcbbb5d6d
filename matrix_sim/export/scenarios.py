"""`scenarios.jsonl`: one scenario a line, in the order (window, group), up to the quota (S7)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from matrix_sim.canonical import canonical_json
from matrix_sim.export.atomic import fill_file
from matrix_sim.messages import Scenario, agent_label, group_label

SCENARIOS_FILE = "scenarios.jsonl"


def scenario_row(number: int, scenario: Scenario) -> dict[str, Any]:
    """A scenario as it is exported; `number` counts from 1 in the file."""
    agents = dict.fromkeys((action.agent, action.speaker) for action in scenario.actions)
    return {
        "id": f"s{number:06d}",
        "window": scenario.window,
        "group": group_label(scenario.group),
        "summary": scenario.summary,
        "summary_failure": scenario.failure.value if scenario.failure else None,
        "agents": [{"id": agent_label(a), "speaker": speaker} for a, speaker in sorted(agents)],
        "actions": [
            {
                "tick": action.tick,
                "agent": agent_label(action.agent),
                "kind": action.kind.value,
                "text": action.text,
            }
            for action in scenario.actions
        ],
    }


def export_scenarios(scenarios: Iterable[Scenario], path: Path, quota: int | None) -> int:
    """Write the first `quota` scenarios (all without one); returns how many.

    Args:
        scenarios: in the order (window, group).
        path: replaced as a whole, or not at all.
        quota: how many at most.

    Raises:
        UsageError: the file cannot be written there.
    """
    count = 0

    def fill(file: BinaryIO) -> None:
        nonlocal count
        for count, scenario in enumerate(islice(scenarios, quota), start=1):
            file.write(canonical_json(scenario_row(count, scenario)) + b"\n")

    fill_file(path, fill)
    return count
