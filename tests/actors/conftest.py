"""One Ray for all tests of this folder: each start of one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import ray

from actors.connection import connect
from tests.support.small_run import expected_scenarios


@pytest.fixture(scope="session")
def own_ray() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", "local")
        connect()
        yield
        ray.shutdown()


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What every run of the small society must come to, byte by byte."""
    return expected_scenarios(tmp_path_factory.mktemp("expected"))
