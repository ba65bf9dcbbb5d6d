"""A tiny model file, made on the spot: it chats, thinks, and gives vectors of bags of tokens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_TOOLS = Path(__file__).resolve().parents[2].parent / "shared" / "tools" / "real_server"


def make_model_file(path: Path, *, context_tokens: int = 16384) -> Path:
    """Write a GGUF file of 4 MB, trained (it says) for so much context.

    The vocabulary is of bytes, so Japanese costs 3 tokens a character.
    """
    tool = str(_TOOLS / "make_model.py")
    subprocess.run(
        [sys.executable, tool, str(path), "--ctx", str(context_tokens)],
        check=True,
        capture_output=True,
    )
    return path
