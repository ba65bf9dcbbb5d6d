"""Vectors that people are grouped by are reserved, recorded and paid like any other reply."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from matrix_sim.config.file import LoadedConfig, load_values
from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import Role
from matrix_sim.llm.stub.embedding import bigram_vector
from matrix_sim.run_directory import open_run
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.usage import CallUsage
from tests.support.scripted_server import Scripted, Seen, error, served

PEOPLE = 70
"""More than one batch of 64."""


class Vectors:
    """A server for embeddings that is down after so many requests."""

    def __init__(self, up_for: int = 1000) -> None:
        self.sizes: list[int] = []
        self._up_for = up_for

    def __call__(self, seen: Seen) -> Scripted:
        if len(self.sizes) >= self._up_for:
            return error(500, "down")
        texts = seen.body["input"]
        self.sizes.append(len(texts))
        rows = [{"index": i, "embedding": bigram_vector(text)} for i, text in enumerate(texts)]
        return Scripted(body=json.dumps({"data": rows}).encode())


def config(url: str, **budget: float) -> LoadedConfig:
    embedding = {
        "base_url": url,
        "model": "e",
        "retry": {"attempts": 1},
        "price": {"input": 2, "output": 0},
    }
    values = {
        "seed": 3,
        "personas": {"source": "sampler", "count": PEOPLE},
        "society": {"ticks": 3},
        "models": {"default": {"stub": {}}, "embedding": embedding},
        "budget": budget,
    }
    return load_values(values, (), {})


def found(server: Vectors, run: Path, **budget: float) -> CallUsage:
    with served(server) as url:
        open_run(config(url, **budget), run, owner="test")
    with RunStore.read_only(run) as store:
        return store.usage()


def test_founding_vectors_are_recorded_with_their_cost_and_without_their_texts(
    tmp_path: Path,
) -> None:
    server = Vectors()
    usage = found(server, tmp_path / "run")
    (role,) = usage.roles
    assert sorted(server.sizes) == [1, 6, 64]
    assert (role.role, role.replies, role.lost) == (Role.EMBEDDING, 3, 0)
    # 2 for a million tokens.
    assert role.cost == 2000 * role.prompt_tokens > 0
    rows = sqlite3.connect(tmp_path / "run" / "run.sqlite")
    addresses = [a for (a,) in rows.execute("SELECT address FROM calls ORDER BY 1")]
    assert addresses == [f"embed/founding/b{n:04d}" for n in range(3)]
    assert rows.execute("SELECT count(*) FROM prompts").fetchone() == (0,)


def test_a_founding_that_was_cut_short_goes_on_with_what_it_has(tmp_path: Path) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    with pytest.raises(RunFailure, match="no embeddings for the grouping"):
        found(Vectors(up_for=2), run)
    server = Vectors()
    found(server, run)
    assert server.sizes == [6]
    found(Vectors(), whole)
    with RunStore.read_only(run) as one, RunStore.read_only(whole) as other:
        for kind in ("member", "group"):
            assert one.events(kind) == other.events(kind)


def test_founding_calls_keep_to_the_budget(tmp_path: Path) -> None:
    server = Vectors()
    with pytest.raises(RunFailure, match=r"--set budget\.max_calls=.*\n.*same command goes on"):
        found(server, tmp_path / "run", max_calls=2)
    assert len(server.sizes) == 2
    assert found(server, tmp_path / "run", max_calls=3).charged.calls == 3
