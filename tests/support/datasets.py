"""Runs with data sets of every kind, small enough for a unit test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matrix_sim.config import QualityConfig, RunConfig
from matrix_sim.config.file import load_values
from matrix_sim.llm.contracts import Endpoint, Reply, Request
from matrix_sim.llm.stub.endpoint import StubEndpoint
from matrix_sim.run_directory import open_run
from matrix_sim.store.run_store import RunStore
from matrix_sim.synthesis.contracts import Candidate
from tests.support.small_world import play_world, small_config
from tests.support.virtual_time import run_virtually

SIX: Sequence[Mapping[str, object]] = (
    {"kind": "sft", "count": 8},
    {"kind": "dpo", "count": 4},
    {"kind": "reason", "count": 4},
    {"kind": "dialogue", "count": 4, "reasoning": True, "turns": [2, 4]},
    {"kind": "code", "count": 4},
    {"kind": "safety", "count": 4},
)
_QUALITY_OFF = {name: {"enabled": False} for name in QualityConfig.model_fields}


def with_datasets(
    *datasets: Mapping[str, object], quality: object = None, **more: Any
) -> RunConfig:
    """A small run with these data sets; without `quality` nothing is checked."""
    return small_config(
        datasets=datasets or SIX,
        quality=_QUALITY_OFF if quality is None else quality,  # type: ignore[arg-type]
        models={"rejected": {"stub": {}}, "reasoner": {"stub": {"reasoning": True}}},
        **more,
    )


def make(config: RunConfig, store: RunStore, *, wrap: Any = lambda endpoint: endpoint) -> None:
    """Take a run to its end; one that has come there is only looked at."""
    run_virtually(play_world(config, store, wrap=wrap))


def ended_run(folder: Path, config: RunConfig) -> list[str]:
    """A run in `folder`, taken to its end, and the arguments that start it again."""
    values = config.model_dump(mode="json", exclude_none=True)
    open_run(load_values(values, (), {}), folder / "run", owner="test")
    with RunStore.open(folder / "run", owner="test", create=False) as store:
        make(config, store)
    file = folder / "config.yaml"
    file.write_text(json.dumps(values), "utf-8")
    return [str(file), "--run", str(folder / "run")]


def rows_of(store: RunStore, label: str) -> list[Candidate]:
    """The accepted candidates of a data set, in the order of their numbers."""
    return [one for one in store.candidates(label) if one.accepted]


class Listener:
    """Stands around every model of a run, keeps what they are asked, and may change replies."""

    def __init__(self, change: Callable[[Request, Reply], Reply] = lambda _, reply: reply) -> None:
        self.asked: list[Request] = []
        self._change = change

    def around(self, inner: Endpoint) -> Endpoint:
        """For `World.wrap`."""
        return _Overheard(self, inner)

    def heard(self, request: Request, reply: Reply) -> Reply:
        """Note a question; what is answered."""
        self.asked.append(request)
        return self._change(request, reply)


class _Overheard:
    def __init__(self, listener: Listener, inner: Endpoint) -> None:
        assert isinstance(inner, StubEndpoint)
        self.identity = inner.identity
        self._listener = listener
        self._inner = inner

    async def send(self, request: Request, *, sending: int) -> Reply:
        return self._listener.heard(request, await self._inner.send(request, sending=sending))
