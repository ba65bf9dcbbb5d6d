"""The cluster file is one that this version of Ray takes."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

CHECKOUT = Path(__file__).resolve().parents[2]


def cluster() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CHECKOUT / "cluster.yaml").read_text("utf-8"))
    return loaded


def test_rays_own_validator_accepts_the_cluster_file() -> None:
    prepared = prepare_config(cluster())
    validate_config(prepared)
    assert prepared["max_workers"] == len(cluster()["provider"]["worker_ips"])


def test_rays_own_validator_would_notice_a_misspelt_key() -> None:
    prepared = prepare_config(cluster() | {"setup_comands": []})
    with pytest.raises(Exception, match="setup_comands"):
        validate_config(prepared)


def test_every_node_starts_ray_with_token_authentication() -> None:
    for commands in ("head_start_ray_commands", "worker_start_ray_commands"):
        (start,) = [c for c in cluster()[commands] if "ray start" in c]
        assert "RAY_AUTH_MODE=token" in start


def test_no_secret_is_copied_to_the_cluster() -> None:
    assert ".env" in cluster()["rsync_exclude"]
    assert "env_vars" not in (CHECKOUT / "cluster.yaml").read_text("utf-8")


def test_what_the_cluster_file_runs_exists() -> None:
    for command in cluster()["setup_commands"]:
        script = command.rpartition("&& ")[2].split()[0]
        assert (CHECKOUT / script).is_file()
