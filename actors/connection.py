"""The place of this process in a Ray cluster, which all runs that it plays share."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import ray


class _Visit:
    """The stay of this process in the cluster that `connect` joined; runs may share it."""

    def __init__(self) -> None:
        self.door = threading.Lock()
        self.guests = 0
        self.keeper = ThreadPoolExecutor(1, "ray")
        """A thread that lasts."""


_VISIT = _Visit()


def _init() -> None:
    ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)


def connect() -> bool:
    """Join the cluster that this process is meant for (RAY_ADDRESS), or start one here.

    Returns:
        Whether `disconnect` is due: False where this process was in a cluster by other means.
    """
    with _VISIT.door:
        if not ray.is_initialized():
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            # Of a Ray that is started here. The older autoscaler, told to end, reports to a server
            # that has ended before it, and is waited for for a second.
            os.environ.setdefault("RAY_enable_autoscaler_v2", "1")
            if threading.current_thread() is threading.main_thread():
                _init()
            else:
                # The processes of a Ray die with the thread that started them (PR_SET_PDEATHSIG).
                _VISIT.keeper.submit(_init).result()
            _VISIT.guests = 0
        elif not _VISIT.guests:
            return False
        _VISIT.guests += 1
        return True


def disconnect() -> None:
    """Leave the cluster, if nobody else in this process is still there by `connect`.

    A cluster that it started then ends.
    """
    with _VISIT.door:
        _VISIT.guests = max(0, _VISIT.guests - 1)
        if not _VISIT.guests:
            ray.shutdown()
