"""llama.cpp's own HTTP server with a tiny model made on the spot, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.model_file import make_model_file

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class RealServer:
    """Where a started server is, and what it serves."""

    base_url: str
    model: str
    api_key: str
    context_tokens: int
    """Context of one slot."""
    vectors: RealServer | None = None
    """The server of the same model that gives vectors."""


@contextmanager
def real_server(
    folder: Path, *, context_tokens: int = 16384, slots: int = 4
) -> Iterator[RealServer]:
    """Serve chat and vectors from `folder` for as long as the block runs.

    Raises:
        RuntimeError: the server did not come up; the message holds what it wrote.
    """
    file = make_model_file(folder / "tiny.gguf", context_tokens=context_tokens)
    arguments = [str(file), str(context_tokens), str(slots)]
    log = folder / "server.log"
    with (
        log.open("wb") as sink,
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.model_server", *arguments],
            cwd=_CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sink,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                said = log.read_text(errors="replace")
                raise RuntimeError(f"the server did not come up:\n{said}")
            chat, vectors = (
                RealServer(**p, context_tokens=context_tokens) for p in json.loads(line)
            )
            yield RealServer(
                chat.base_url, chat.model, chat.api_key, chat.context_tokens, vectors=vectors
            )
        finally:
            process.stdin.close()  # it ends with its stdin
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
