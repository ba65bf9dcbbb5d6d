"""Finding and killing exactly the processes that a test has started."""

from __future__ import annotations

import os
import re

import psutil

_PATIENCE_S = 20.0


def actor_processes(kind: str) -> list[psutil.Process]:
    """The processes below this one that are actors of a class; Ray puts it into their titles."""
    title = re.compile(rf"ray::{kind}(\W|$)")
    return [p for p in psutil.Process().children(recursive=True) if title.match(title_of(p))]


def session_processes(leader: int) -> list[psutil.Process]:
    """What lives of the session (`setsid`) that `leader` began, itself included.

    Ray's daemons and workers keep the session, whoever becomes their parent.
    """
    return [p for p in psutil.process_iter() if _session(p) == leader and title_of(p)]


def kill_session(leader: int) -> None:
    """SIGKILL to everything in a session, until nothing is left that could start something."""
    while living := session_processes(leader):
        for process in living:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(living, timeout=_PATIENCE_S)


def title_of(process: psutil.Process) -> str:
    """Its command line; empty for one that has ended, even if nobody has noticed yet."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return -1
