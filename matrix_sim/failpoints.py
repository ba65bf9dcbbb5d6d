"""Faults on purpose: named places in the code where a test makes a process fail or die.

A failpoint is armed by name and count (`journal.after_record:17:kill`: the 17th time that place
is reached), so a failing run can be replayed exactly. Nothing is armed outside of tests.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from matrix_sim.errors import UsageError

VARIABLE = "MATRIX_SIM_FAILPOINTS"
"""The environment variable that arms failpoints in a process."""


class InjectedFault(BaseException):
    """Raised by an armed failpoint: the process is to be taken for dead.

    Not an `Exception`, so that no handler of ordinary failures survives it.
    """


class FaultKind(StrEnum):
    """What an armed failpoint does."""

    RAISE = "raise"
    KILL = "kill"
    """SIGKILL to the own process: nothing is flushed, no handler runs."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One armed failpoint."""

    name: str
    nth: int
    """It goes off when the place is reached for the nth time, from 1."""
    kind: FaultKind

    def __post_init__(self) -> None:
        if self.nth < 1:
            raise ValueError(f"a failpoint counts from 1, not {self.nth}")


def kill_own_process() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


class Failpoints:
    """The armed failpoints of a process, and how often each place was reached."""

    def __init__(
        self, faults: tuple[Fault, ...] = (), *, kill: Callable[[], None] = kill_own_process
    ) -> None:
        self.armed = bool(faults)
        """Whether any is armed: callers in a hot loop look before they name their places."""
        self._kinds = {(fault.name, fault.nth): fault.kind for fault in faults}
        self._reached: dict[str, int] = {}
        self._kill = kill

    @classmethod
    def parse(cls, text: str) -> Failpoints:
        """Read `NAME:NTH:raise|kill`, several separated by commas.

        Raises:
            UsageError: the text is not of that shape.
        """
        return cls(tuple(_parse_fault(part) for part in text.split(",") if part.strip()))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Failpoints:
        """What `MATRIX_SIM_FAILPOINTS` arms; nothing where it is not set."""
        text = environment.get(VARIABLE, "")
        return cls.parse(text) if text else NO_FAILPOINTS

    def reach(self, name: str) -> None:
        """Say that the place `name` was reached.

        Raises:
            InjectedFault: a failpoint is armed for this time.
        """
        if not self.armed:
            return
        count = self._reached.get(name, 0) + 1
        self._reached[name] = count
        kind = self._kinds.get((name, count))
        if kind is FaultKind.KILL:
            self._kill()
        elif kind is FaultKind.RAISE:
            raise InjectedFault(f"{name}, time {count}")


def _parse_fault(text: str) -> Fault:
    try:
        name, nth, kind = text.strip().split(":")
        return Fault(name, int(nth), FaultKind(kind))
    except ValueError as error:
        raise UsageError(
            f"{VARIABLE}: cannot read {text.strip()!r} ({error}); write NAME:NTH:raise or"
            " NAME:NTH:kill, for example journal.after_record:17:kill"
        ) from error


NO_FAILPOINTS = Failpoints()
"""Nothing armed."""
