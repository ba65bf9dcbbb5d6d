"""How a run looks while it goes: one live line in a terminal, plain lines anywhere else."""

from __future__ import annotations

import datetime
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

from matrix_sim.llm.limits.news import EndpointNews, standing
from matrix_sim.text import counted, printable

if TYPE_CHECKING:
    from actors.coordinator import Status
    from actors.synthesist import MakingStatus
    from matrix_sim.llm.limits.lease import LaneStatus

_PLAIN_EVERY_S = 10.0
_ESTIMATE_AFTER_S = 5.0


class ProgressDisplay:
    """Shows what coordinator and synthesist tell, on `file`."""

    def __init__(self, groups: int, quota: int | None, file: TextIO) -> None:
        self._groups = groups
        self._quota = quota
        self._file = file
        self._console = Console(file=file, highlight=False)
        self._live: Live | None = None
        self._spinner = Spinner("dots")
        self._began: float | None = None
        self._making_since: float | None = None
        self._first_ticks = 0
        self._last_plain = 0.0
        self._last_line = ""
        self._news = EndpointNews()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._spinner.update(text="starting")
            # Ray's threads keep the stdout they found: it must not be one of Rich's.
            self._live = Live(
                self._spinner,
                console=self._console,
                refresh_per_second=8,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, line: str) -> None:
        """A line that stays."""
        if self._live is not None:
            self._console.print(line, markup=False)
        else:
            print(line, file=self._file, flush=True)

    def show(self, status: Status) -> None:
        """The latest status; replaces the one before."""
        if self._began is None:
            self._began = self._last_plain = time.monotonic()
            self._first_ticks = status.committed_ticks
        self._replace(self._line(status, time.monotonic() - self._began), status.endpoints)

    def show_making(self, status: MakingStatus) -> None:
        """The latest status of the data sets; replaces the one before."""
        if self._making_since is None:
            self._making_since = self._last_plain = time.monotonic()
        elapsed = time.monotonic() - self._making_since
        self._replace(_making_line(status, elapsed), status.endpoints)

    def _replace(self, said: str, endpoints: tuple[LaneStatus, ...]) -> None:
        for news in self._news.lines(endpoints):
            self.say(printable(news))
        line = printable("  ".join([said, *standing(endpoints)]))
        if self._live is not None:
            self._spinner.update(text=line)
        elif (now := time.monotonic()) - self._last_plain >= _PLAIN_EVERY_S:
            self._last_plain = now
            if line != self._last_line:
                self.say(line)
            self._last_line = line

    def _line(self, status: Status, elapsed: float) -> str:
        tally, total = status.tally, self._groups * status.horizon
        scenarios = f"{tally.scenarios}/{self._quota}" if self._quota else str(tally.scenarios)
        parts = [
            f"{elapsed:.0f} s",
            f"ticks {status.committed_ticks}/{total}",
            f"scenarios {scenarios}",
            f"actions {tally.actions} ({tally.actions / max(elapsed, 1.0):.1f}/s)",
        ]
        done = status.committed_ticks - self._first_ticks
        if done and elapsed > _ESTIMATE_AFTER_S:
            left = (total - status.committed_ticks) * elapsed / done
            parts.append(f"about {datetime.timedelta(seconds=round(left))} left")
        if status.round:
            parts.append(f"round {status.round}")
        if tally.failures:
            parts.append(f"failed {counted(tally.failures)}")
        if tally.actors_lost:
            parts.append(f"processes lost {tally.actors_lost}")
        return "  ".join(parts)


def _making_line(status: MakingStatus, elapsed: float) -> str:
    parts = [f"{elapsed:.0f} s"]
    for count in status.counts:
        refused = count.tried - count.accepted
        aside = f" ({refused} refused)" if refused else ""
        parts.append(f"{count.label} {count.accepted}/{count.wanted}{aside}")
    return "  ".join(parts)
