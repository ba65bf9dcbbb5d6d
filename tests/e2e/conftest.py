"""What every run of the small society must come to, and a Ray for those that may share one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ray_cluster import standing_ray
from tests.support.small_run import expected_scenarios


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of `scenarios.jsonl`."""
    return expected_scenarios(tmp_path_factory.mktemp("expected"))


@pytest.fixture(scope="session")
def shared_ray() -> Iterator[dict[str, str]]:
    """The environment of programs that join a Ray which is there already.

    A Ray of their own, which the program starts and ends, is for tests of what becomes of it: it
    takes as long as all the rest of a small run.
    """
    with standing_ray() as ray:
        yield ray.environment
