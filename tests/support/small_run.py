"""The smallest society that shows everything, as a config file, and what has to come out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matrix_sim.config.file import load_config
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.store.run_store import RunStore
from tests.support.small_world import play_world
from tests.support.virtual_time import run_virtually

PEOPLE, GROUPS, TICKS, WINDOW = 6, 2, 6, 3
"""Two windows; what one group sends in the first, the other routes in the second."""
_BUILTIN = 18


def embedded_stub(latency: str = "fixed:0") -> dict[str, Any]:
    """The models of a run whose LLM actors hold the stub."""
    return {"default": {"stub": {"latency": latency, "slots": 32}}}


def thinking_stub(latency: str = "fixed:0") -> dict[str, Any]:
    """The same for data sets of every kind: one model thinks, and one gives the worse answers."""
    stub = embedded_stub(latency)["default"]["stub"]
    return {
        "default": {"stub": stub},
        "reasoner": {"stub": stub | {"reasoning": True}},
        "rejected": {"stub": stub},
    }


def write_config(
    folder: Path,
    models: dict[str, Any],
    *,
    society: dict[str, Any] | None = None,
    people: int = PEOPLE,
    budget: dict[str, Any] | None = None,
    datasets: Sequence[Mapping[str, object]] = (),
    quality: Mapping[str, object] | None = None,
    **runtime: Any,
) -> Path:
    """A config file of the society in `folder`; but for `society`, only how it is made varies."""
    config = {
        "seed": 3,
        "personas": {"source": "builtin" if people <= _BUILTIN else "sampler", "count": people},
        "society": {
            "group_size": {"min": 2, "max": 4, "mean": 3},
            "neighbours": 1,
            "weak_ties": 0,
            "scenario_window": WINDOW,
            "ticks": TICKS,
        }
        | (society or {}),
        "models": models,
        "datasets": datasets,
        "quality": quality or {},
        "budget": budget or {},
        "runtime": {"placement": "packed", "max_in_flight": 16} | runtime,
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return path


def expected_scenarios(
    folder: Path,
    society: dict[str, Any] | None = None,
    models: dict[str, Any] | None = None,
    people: int = PEOPLE,
) -> bytes:
    """`scenarios.jsonl` of the society as the domain makes it, in one process and without Ray."""
    file = write_config(folder, models or embedded_stub(), society=society, people=people)
    config = load_config(file, (), {}).config
    with RunStore.in_memory() as store:
        run_virtually(play_world(config, store))
        path = folder / "scenarios.jsonl"
        export_scenarios(store.scenarios(), path, config.society.scenarios)
    return path.read_bytes()
