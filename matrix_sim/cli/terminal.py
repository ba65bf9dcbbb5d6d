"""Keeps the terminal for what a user wants to see while Ray is at work.

Ray and its native code write warnings to stdout and stderr whenever they like, into results and
over the progress line. While a run goes, both lead into its log; what is said here still reaches
the real stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO


@contextmanager
def reserved_terminal(log: Path) -> Iterator[TextIO]:
    """Lead stdout and stderr into `log`; the file that is given still writes to the terminal."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    with (
        log.open("a", encoding="utf-8", buffering=1) as aside,
        os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1) as terminal,
    ):
        native_stderr = os.dup(2)
        try:
            os.dup2(aside.fileno(), 2)
            with redirect_stdout(aside), redirect_stderr(aside):
                yield terminal
        finally:
            os.dup2(native_stderr, 2)
            os.close(native_stderr)
