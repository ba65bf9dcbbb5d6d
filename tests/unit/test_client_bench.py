"""The bench of the client measures real calls, and keeps those that are ours."""

from __future__ import annotations

from pathlib import Path

from matrix_sim.cli.client_bench import ClientLoad, bench_client
from matrix_sim.store.run_store import RunStore


def test_every_call_of_ours_is_in_the_journal_and_both_cost_something(tmp_path: Path) -> None:
    figures = bench_client(ClientLoad(calls=6, rounds=2, in_flight=3), tmp_path)

    assert figures.lowest_ratio <= figures.ratio <= figures.highest_ratio
    assert min(figures.cpu_ms, figures.bare_cpu_ms) > 0
    with RunStore.read_only(tmp_path) as store:
        assert store.usage().replies == 18  # a block for nothing, and two that count
