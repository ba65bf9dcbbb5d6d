"""llama.cpp's own HTTP server with a tiny model made on the spot, as a subprocess."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TOOLS = Path(__file__).resolve().parents[2].parent / "shared" / "tools" / "real_server"
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class RealServer:
    """Where a started server is, and what it serves."""

    base_url: str
    model: str
    api_key: str
    context_tokens: int
    """Context of one slot; the vocabulary is of bytes, so Japanese costs 3 tokens a character."""


@contextmanager
def real_server(
    folder: Path, *, context_tokens: int = 16384, slots: int = 4
) -> Iterator[RealServer]:
    """Serve chat and embeddings from `folder` for as long as the block runs.

    Raises:
        RuntimeError: the server did not come up; the message holds what it wrote.
    """
    model = folder / "tiny.gguf"
    tool = str(_TOOLS / "make_model.py")
    subprocess.run(
        [sys.executable, tool, str(model), "--ctx", str(context_tokens)],
        check=True,
        capture_output=True,
    )
    port = _free_port()
    server = RealServer(f"http://127.0.0.1:{port}/v1", "tiny", "sk-real-key", context_tokens)
    arguments = {
        "--port": port,
        "--alias": server.model,
        "--api-key": server.api_key,
        "--ctx-per-slot": context_tokens,
        "--slots": slots,
    }
    command = [sys.executable, str(_TOOLS / "serve_xllamacpp.py"), str(model), "--embed"]
    command += [str(part) for pair in arguments.items() for part in pair]
    log = folder / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/health", process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    # A process of someone else's making has no condition to wait on but its answers.
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(errors='replace')}")
