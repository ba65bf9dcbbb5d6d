"""First use on a cluster: `ray start --head`, then `ray job submit` of scripts/simulate.py."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.left_behind import holders
from tests.support.program import StubServer, stub_server
from tests.support.ray_cluster import RayCluster, ray_cluster
from tests.support.small_run import embedded_stub, expected_scenarios, write_config

pytestmark = [pytest.mark.ray, pytest.mark.e2e]

CHECKOUT = Path(__file__).resolve().parents[2]
KEY = "sk-known-5d0c2b7e91"
"""The endpoint wants it; in the environment of the cluster, in `.env` and in a file."""
KEPT_BACK = (".env", ".env.local", ".git/config", ".venv/pyvenv.cfg", "runs/mine/run.sqlite")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The program as a user has it, with what must not leave the machine."""
    copy = tmp_path / "checkout"
    for name in ("actors", "matrix_sim", "scripts"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
    shutil.copy(CHECKOUT / ".rayignore", copy)
    for name in KEPT_BACK:
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"OPENAI_API_KEY={KEY}\n")
    return copy


@pytest.fixture
def cluster() -> Iterator[RayCluster]:
    with ray_cluster({"KEY_OF_AGENTS": KEY}) as started:
        yield started


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[StubServer]:
    with stub_server(tmp_path / "stub", "--api-key-env", "STUB_KEY", STUB_KEY=KEY) as started:
        yield started


def test_a_submitted_job_makes_the_scenarios_and_keeps_the_key(
    tmp_path: Path, checkout: Path, cluster: RayCluster, stub: StubServer
) -> None:
    settings = tmp_path / "settings"
    settings.mkdir()
    (settings / ".env").write_text(f"KEY_OF_MODULATORS={KEY}\n")
    (settings / "key.txt").write_text(f"{KEY}\n")
    models = {
        "default": stub.model(api_key_env="KEY_OF_AGENTS"),
        "modulator": stub.model(api_key_env="KEY_OF_MODULATORS"),
        "embedding": stub.model(api_key_file="key.txt"),
    }
    expected = expected_scenarios(tmp_path, None, embedded_stub() | {"embedding": {"stub": {}}})
    config, run = write_config(settings, models), tmp_path / "run"
    command = ("python", "scripts/simulate.py", str(config), "--run")

    code, output = cluster.submit(checkout, *command, "runs/first")
    assert code != 0
    assert "absolute run directory" in output

    code, output = cluster.submit(checkout, *command, str(run))
    assert code == 0, output
    assert (run / "scenarios.jsonl").read_bytes() == expected

    (unpacked,) = cluster.folder.glob("session_2*/runtime_resources/working_dir_files/_ray_pkg_*/")
    assert (unpacked / "scripts" / "simulate.py").is_file()
    assert [name for name in KEPT_BACK if (unpacked / name).exists()] == []
    assert KEY not in output
    # That the key is nowhere says something only where other things of the job are found.
    assert holders(run, stub.url)
    assert holders(cluster.folder, str(run))
    assert holders(run, KEY) == []
    assert holders(cluster.folder, KEY) == []
