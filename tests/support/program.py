"""The program as a user starts it: commands in processes and sessions of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matrix_sim.llm.stub.endpoint import MODEL
from tests.support.processes import kill_session, session_processes, title_of

_PATIENCE_S = 110.0
_LOOK_EVERY_S = 0.02


def plain_environment(**more: str) -> dict[str, str]:
    """The environment without what leads to an endpoint, or to somebody's Ray."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "OPENAI_"))}
    return kept | {"RAY_ADDRESS": "local"} | more


def _with_signals_of_a_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Program:
    """`matrix-sim ARGUMENTS`, started in `folder`, with more in its environment."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self._said = folder / "stderr.txt"
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "matrix_sim", *arguments],
                cwd=folder,
                env=plain_environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                start_new_session=True,
                # Tests may run in the background of a script, where shells have SIGINT ignored.
                preexec_fn=_with_signals_of_a_terminal,
            )

    @property
    def pid(self) -> int:
        """Of its first process, and of its session."""
        return self._process.pid

    def first_line(self) -> str:
        """The first line on stdout; empty if it ended without one."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def wait_until(self, condition: Callable[[], bool], *, patience_s: float = _PATIENCE_S) -> None:
        """Return as soon as `condition` holds; the program shows it, so it has to be asked for.

        Raises:
            RuntimeError: it ended, or took too long, before that; with what it said.
        """
        give_up = time.monotonic() + patience_s
        while not condition():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"it never came to that:\n{self.said()}")
            time.sleep(_LOOK_EVERY_S)

    def end(self) -> tuple[int, str]:
        """Wait for the end: exit code and stdout."""
        output, _ = self._process.communicate(timeout=_PATIENCE_S)
        return self._process.returncode, output

    def said(self) -> str:
        """What this program, and any before it in the same folder, wrote to stderr."""
        return self._said.read_text("utf-8")

    def interrupt(self) -> None:
        """Ctrl-C: the terminal tells every process of the foreground group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def left_over(self) -> list[str]:
        """What still runs of its session."""
        titles = map(title_of, session_processes(self._process.pid))
        return [title[:80] for title in titles if title]

    def kill_everything(self) -> None:
        """SIGKILL to it and to all that it started."""
        kill_session(self._process.pid)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def simulate(folder: Path, config: Path, run: Path, **environment: str) -> Program:
    """`matrix-sim simulate --json`, always the same command."""
    return Program(folder, "simulate", str(config), "--run", str(run), "--json", **environment)


@contextmanager
def ended_at_last(program: Program) -> Iterator[Program]:
    """See that nothing of a program outlives the block."""
    try:
        yield program
    finally:
        program.kill_everything()


class StubServer:
    """A `matrix-sim stub-server` that runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def model(self, **more: Any) -> dict[str, Any]:
        """The entry in the `models` of a config that uses it."""
        return {"base_url": self.url, "model": MODEL} | more

    def stats(self) -> dict[str, Any]:
        """Its counters."""
        return self._answer("/stats", None)

    def change(self, **rules: Any) -> None:
        """Change what it lets in."""
        self._answer("/admission", json.dumps(rules).encode())

    def _answer(self, path: str, body: bytes | None) -> dict[str, Any]:
        place = self.url.removesuffix("/v1") + path
        with urllib.request.urlopen(place, body, timeout=10) as page:
            answer: dict[str, Any] = json.load(page)
            return answer


class MortalStub(StubServer):
    """One that can be killed, and comes back at the same address knowing nothing."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder, self._arguments = folder, arguments
        self._program, url = _started(folder, "--port", "0", *arguments)
        super().__init__(url)

    def kill(self) -> None:
        """SIGKILL."""
        self._program.kill_everything()

    def start_again(self) -> None:
        """Listen where it listened before."""
        port = self.url.removesuffix("/v1").rpartition(":")[2]
        self._program, _ = _started(self._folder, "--port", port, *self._arguments)


@contextmanager
def mortal_stub(folder: Path, *arguments: str) -> Iterator[MortalStub]:
    """Like `stub_server`, and it may die in between."""
    folder.mkdir()
    stub = MortalStub(folder, *arguments)
    try:
        yield stub
    finally:
        stub.kill()


@contextmanager
def stub_server(folder: Path, *arguments: str, **environment: str) -> Iterator[StubServer]:
    """Serve the stub, on a port of its own choice, for as long as the block runs."""
    folder.mkdir()
    program, url = _started(folder, "--port", "0", *arguments, **environment)
    with ended_at_last(program):
        yield StubServer(url)


def _started(folder: Path, *arguments: str, **environment: str) -> tuple[Program, str]:
    """A stub's server and its address, once it listens."""
    program = Program(folder, "stub-server", "--seed", "3", *arguments, **environment)
    line = program.first_line()
    urls = [word for word in line.split() if word.startswith("http") and word.endswith("/v1")]
    if not urls:
        program.kill_everything()
        raise RuntimeError(f"the stub did not start: {line}\n{program.said()}")
    return program, urls[0]
