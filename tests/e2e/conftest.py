"""What every run of the small society must come to."""

from __future__ import annotations

import pytest

from tests.support.small_run import expected_scenarios


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of `scenarios.jsonl`."""
    return expected_scenarios(tmp_path_factory.mktemp("expected"))
