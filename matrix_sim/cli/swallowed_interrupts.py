"""An interrupt that came where nothing can be raised comes again.

Python raises KeyboardInterrupt wherever the main thread happens to be. In the callbacks of weak
references (every import runs some), in finalizers and while garbage is collected nobody can catch
it: Python prints it and goes on, and so would a run that was to stop.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_AGAIN_AFTER_S = 0.02
"""Long enough for Python to leave the place that swallowed it, too short for anybody to notice."""


@contextmanager
def swallowed_interrupts_come_again() -> Iterator[None]:
    """For as long as the block goes on; whoever handles SIGINT then is told."""
    before = sys.unraisablehook

    def look(unraisable: UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            before(unraisable)
            return
        # A signal, since that wakes the main thread up wherever it waits.
        to_main = (threading.main_thread().ident, signal.SIGINT)
        again = threading.Timer(_AGAIN_AFTER_S, signal.pthread_kill, to_main)
        again.daemon = True
        again.start()

    sys.unraisablehook = look
    try:
        yield
    finally:
        sys.unraisablehook = before
