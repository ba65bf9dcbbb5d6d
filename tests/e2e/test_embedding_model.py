"""Routing by the vectors of a model behind a real wire, from the founding to the last tick."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix_sim.llm.contracts import Role
from matrix_sim.store.run_store import RunStore
from tests.support.program import ended_at_last, simulate, stub_server
from tests.support.small_run import embedded_stub, expected_scenarios, write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

HYBRID = {"routing": "hybrid", "similarity": {"floor": 0.0, "outward": 0.0, "sure": 0.1}}


def test_vectors_over_http_decide_what_vectors_of_the_embedded_stub_decide(
    tmp_path: Path, shared_ray: dict[str, str]
) -> None:
    embedded = embedded_stub() | {"embedding": {"stub": {}}}
    expected = expected_scenarios(tmp_path, HYBRID, embedded)
    run = tmp_path / "run"
    with stub_server(tmp_path / "stub") as stub:
        models = {"default": stub.model(), "embedding": stub.model()}
        config = write_config(tmp_path, models, society=HYBRID)
        with ended_at_last(simulate(tmp_path, config, run, **shared_ray)) as driver:
            code, _ = driver.end()
            assert code == 0, driver.said()
    assert (run / "scenarios.jsonl").read_bytes() == expected
    with RunStore.read_only(run) as store:
        replies = {usage.role: usage.replies for usage in store.usage().roles}
    founding = 2
    """Everybody together, and one alone to see whether batches are right."""
    assert replies[Role.EMBEDDING] == founding + 12, "one a group and tick"
