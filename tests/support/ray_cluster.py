"""Ray clusters of one node, as `ray start --head` makes them, with token authentication."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import kill_session
from tests.support.program import plain_environment

_BIN = Path(sys.executable).parent
_AUTHENTICATION = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "3f1c0d5b9a7e4c2f8d6b1a0e5c9f7d3b"}
_PATIENCE_S = 90.0


@dataclass(frozen=True)
class RayCluster:
    """Where a started cluster is."""

    address: str
    dashboard: str
    folder: Path
    """What Ray writes: sessions with logs, and what was uploaded."""

    @property
    def environment(self) -> dict[str, str]:
        """Of programs that join it."""
        return {"RAY_ADDRESS": self.address, **_AUTHENTICATION}

    def submit(self, folder: Path, *command: str) -> tuple[int, str]:
        """`ray job submit --working-dir FOLDER -- COMMAND`: exit code and output."""
        arguments = ["job", "submit", "--address", self.dashboard, "--working-dir", str(folder)]
        # So that it is .rayignore alone which keeps things back.
        environment = _environment(RAY_RUNTIME_ENV_IGNORE_GITIGNORE="1")
        ended = subprocess.run(
            [str(_BIN / "ray"), *arguments, "--", *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_S,
        )
        return ended.returncode, ended.stdout


@contextmanager
def ray_cluster(environment: Mapping[str, str]) -> Iterator[RayCluster]:
    """Run a head node to which jobs can be submitted; they inherit `environment`.

    Raises:
        RuntimeError: it did not start; with what it said.
    """
    with _head_node(environment) as cluster:
        yield cluster


@contextmanager
def standing_ray() -> Iterator[RayCluster]:
    """Run a head node that programs of this machine may join.

    Raises:
        RuntimeError: it did not start; with what it said.
    """
    with _head_node({}, "--include-dashboard=false") as cluster:
        yield cluster


@contextmanager
def _head_node(environment: Mapping[str, str], *more: str) -> Iterator[RayCluster]:
    with ExitStack() as stack:
        # Not pytest's folder: the sockets in it would have names that are too long for the system.
        folder = Path(tempfile.mkdtemp(prefix="rc"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        port, dashboard, agent, client = _free_ports(4)
        options = {
            "port": port,
            "dashboard-port": dashboard,
            "dashboard-agent-listen-port": agent,
            "ray-client-server-port": client,
            "min-worker-port": 0,
            "max-worker-port": 0,
            "num-cpus": 2,
            "temp-dir": folder,
        }
        said = folder / "start.txt"
        with said.open("wb") as sink:
            starting = subprocess.Popen(
                [str(_BIN / "ray"), "start", "--head", "--disable-usage-stats"]
                + [f"--{name}={value}" for name, value in options.items()]
                + [*more],
                env=_environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # Its daemons stay in its session; `ray stop` would stop everybody's.
        stack.callback(kill_session, starting.pid)
        if starting.wait(_PATIENCE_S) != 0:
            raise RuntimeError(f"Ray did not start:\n{said.read_text(errors='replace')}")
        yield RayCluster(f"127.0.0.1:{port}", f"http://127.0.0.1:{dashboard}", folder)


def _environment(**more: str) -> dict[str, str]:
    environment = plain_environment(**_AUTHENTICATION, **more)
    del environment["RAY_ADDRESS"]
    return environment | {"PATH": f"{_BIN}:{environment['PATH']}"}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
