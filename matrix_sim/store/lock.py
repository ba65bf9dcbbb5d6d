"""One process at a time writes a run: who, where, since when.

The lock is the kernel's (`flock`), so it dies with its holder, however that ends. The file's
content only tells others who holds it.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from matrix_sim.errors import RunFailure
from matrix_sim.store.failures import directory_unavailable

LOCK_FILE = "run.lock"

_POLL_S = 0.05
"""Between two tries while waiting; `flock` itself knows no time-out."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, as a lock needs it."""

    now: Callable[[], datetime]
    """The time of day, with its zone."""
    monotonic: Callable[[], float]
    """Seconds that never go back."""
    sleep: Callable[[float], None]
    """Wait so many seconds."""


SYSTEM_CLOCK = Clock(lambda: datetime.now(UTC), time.monotonic, time.sleep)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a run."""

    host: str
    pid: int
    user: str
    since: str
    """ISO 8601, UTC."""
    what: str
    """The command that holds it."""

    def __str__(self) -> str:
        return f"{self.what} (pid {self.pid} of {self.user} on {self.host}, since {self.since})"


class RunLocked(RunFailure):
    """Another process is writing the run."""


class RunLock:
    """The lock of one run directory, held until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(
        cls, directory: Path, *, what: str, wait_s: float = 0.0, clock: Clock = SYSTEM_CLOCK
    ) -> RunLock:
        """Lock the run in `directory`, an existing directory.

        Args:
            directory: the run's.
            what: the command that takes it, for whoever finds it locked.
            wait_s: how long to wait for a predecessor that is about to end.
            clock: time.

        Raises:
            RunLocked: another process, or another opener in this one, holds it.
            RunFailure: the file system gives no locks, or no file can be made.
        """
        path = directory / LOCK_FILE
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise directory_unavailable(error, directory) from error
        try:
            _wait_for_flock(descriptor, directory, wait_s, clock)
            _write_holder(descriptor, _this_process(what, clock))
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Let others open the run."""
        if self._descriptor >= 0:
            # The file stays: removing it would let two openers lock two different files.
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1


def holder_of(directory: Path) -> Holder | None:
    """Who wrote themselves into the lock file; None where nobody (legibly) did."""
    try:
        return TypeAdapter(Holder).validate_json((directory / LOCK_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def _wait_for_flock(descriptor: int, directory: Path, wait_s: float, clock: Clock) -> None:
    give_up = clock.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if clock.monotonic() >= give_up:
                who = holder_of(directory) or "another process"
                raise RunLocked(
                    f"run {directory} is in use by {who}: wait until it ends or stop it, then"
                    " start the same command again"
                ) from None
            clock.sleep(_POLL_S)
        except OSError as error:
            raise RunFailure(
                f"run {directory} cannot be locked ({error.strerror}): its file system gives no"
                " locks; put the run on a local disk"
            ) from error


def _write_holder(descriptor: int, holder: Holder) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, orjson.dumps(asdict(holder)), 0)
    except OSError:
        # The lock itself holds; a full disk is reported by the store, with its remedy.
        return


def _this_process(what: str, clock: Clock) -> Holder:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    since = clock.now().astimezone(UTC).isoformat(timespec="seconds")
    return Holder(socket.gethostname(), os.getpid(), user, since, what)
