"""Waiting for what another process does: it has no condition but what it shows."""

from __future__ import annotations

import time
from collections.abc import Callable

_LOOK_EVERY_S = 0.02


def wait_until(condition: Callable[[], bool], *, patience_s: float = 60.0) -> None:
    """Return as soon as `condition` holds.

    Raises:
        TimeoutError: it did not for `patience_s` seconds.
    """
    give_up = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"waited {patience_s:g} s for nothing")
        time.sleep(_LOOK_EVERY_S)
