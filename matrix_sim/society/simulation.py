"""The simulation: grants ticks, commits what comes back, orders summaries, knows when it is over.

It holds no state that the committed history does not give: started on the progress of a run that
was cut short, it goes on as if nothing had happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from matrix_sim.errors import RunFailure
from matrix_sim.failpoints import NO_FAILPOINTS, Failpoints
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance
from matrix_sim.messages import (
    Envelope,
    Grant,
    SummaryOrder,
    TickReport,
    group_label,
    null_report,
    summary_address,
)
from matrix_sim.society.clock import Clock
from matrix_sim.society.contracts import Groups, Ledger, Progress
from matrix_sim.society.horizon import Horizon, Stage
from matrix_sim.society.post_office import PostOffice
from matrix_sim.society.tally import Tally

Answer = TypeVar("Answer")


class RunStopped(Exception):
    """The run was asked to stop; what was under way has been brought home."""


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """The coordinator's share of the settings."""

    window: int
    min_actions: int
    inbox_limit: int
    tick_attempts: int
    """Processes that one tick may lose before the run ends with its address."""
    scenarios: int | None
    """The quota, if there is one."""


@dataclass(frozen=True, slots=True)
class SimulationEnd:
    """How a simulation ended."""

    ticks: int
    """The horizon that every group reached."""
    rounds: int
    scenarios: int
    """Closed windows with enough actions."""
    quota_met: bool
    """False where `max_windows` ended it first."""


class Simulation:
    """Drives all groups of a society to the horizon."""

    def __init__(
        self,
        neighbours: tuple[tuple[int, ...], ...],
        clock: Clock,
        horizon: Horizon,
        settings: SimulationSettings,
        groups: Groups,
        ledger: Ledger,
        progress: Progress,
        *,
        failpoints: Failpoints = NO_FAILPOINTS,
        on_report: Callable[[TickReport], None] = lambda _: None,
    ) -> None:
        """`progress` is what the store holds; `clock` starts from the same."""
        self._clock = clock
        self._horizon = horizon
        self._settings = settings
        self._groups = groups
        self._ledger = ledger
        self._failpoints = failpoints
        self._on_report = on_report
        self._count = len(neighbours)
        self._post = PostOffice(settings.window, settings.inbox_limit)
        self._post.post(_under_way(progress, settings.window))
        self._quiescent = list(progress.quiescent)
        self._rounds = list(progress.rounds)
        self._actions = {(w, g): n for w, g, n in progress.actions_per_window}
        self._summarised = set(progress.scenarios)
        self._unsettled: set[int] = set()
        self._committed_ticks = sum(progress.committed) + self._count
        self._enter(self._stage_of(progress))
        self._running: dict[int, asyncio.Task[None]] = {}
        self._summaries: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._failure: BaseException | None = None
        self.tally = Tally(scenarios=len(self._summarised))

    @property
    def stage(self) -> Stage:
        """The stage under way."""
        return self._stage

    @property
    def committed_ticks(self) -> int:
        """Ticks of all groups together, over all starts of the run."""
        return self._committed_ticks

    async def run(self) -> SimulationEnd:
        """Play to the end.

        Raises:
            EnvironmentalFailure: an endpoint did not answer for as long as its policy waits.
            RunFailure: a tick lost too many processes.
            RunStopped: `stop` was called.
        """
        for window, group in sorted(self._actions):
            self._order_summary(window, group)
        while True:
            for group in range(self._count):
                self._nudge(group)
            await self._settled()
            following = self._following_stage()
            if following is None:
                break
            self._enter(following)
        return self._end()

    @property
    def ended(self) -> SimulationEnd | None:
        """How it ended, if nothing is left to do."""
        if self._playable() or any(self._awaits_summary(*key) for key in self._actions):
            return None
        return self._end() if self._following_stage() is None else None

    def _end(self) -> SimulationEnd:
        scenarios, quota = len(self._summarised), self._settings.scenarios
        return SimulationEnd(
            ticks=self._stage.end,
            rounds=self._stage.round,
            scenarios=scenarios,
            quota_met=quota is None or scenarios >= quota,
        )

    def stop(self) -> None:
        """Grant nothing more; `run` raises `RunStopped` once what is under way is home."""
        self._failure = self._failure or RunStopped()

    def _stage_of(self, progress: Progress) -> Stage:
        """The stage that a run with this progress is in."""
        stage = self._horizon.first()
        while min(progress.committed, default=-1) + 1 >= stage.end:
            following = self._horizon.next(stage, self._actions)
            if following is None:
                break
            stage = following
        # Rounds go by what was played: a run that was grown has had other stages than the
        # horizon of its new quota would count.
        begun = max(progress.committed, default=-1) >= stage.begin
        played = max(progress.rounds, default=-1)
        return replace(stage, round=played if begun else played + 1)

    def _playable(self) -> bool:
        """Whether a group has ticks of this stage before it."""
        return any(self._clock.next_tick(group) < self._stage.end for group in range(self._count))

    def _following_stage(self) -> Stage | None:
        if self._playable():
            raise AssertionError("every group waits for another: the clock is stuck")
        if self._over:
            return None
        return self._horizon.next(self._stage, self._actions)

    async def _settled(self) -> None:
        """Wait until no group can go on and every summary is in; raise what stopped the run."""
        while self._running or self._summaries:
            self._idle.clear()
            await self._idle.wait()
        if self._failure is not None:
            raise self._failure

    def _nudge(self, group: int) -> None:
        if group not in self._running and self._may_play(group):
            task = asyncio.create_task(self._play_on(group), name=group_label(group))
            self._running[group] = task
            task.add_done_callback(lambda done: self._parked(group, done))

    def _may_play(self, group: int) -> bool:
        return (
            self._failure is None
            and self._clock.next_tick(group) < self._stage.end
            and self._clock.may_start(group)
        )

    def _parked(self, group: int, task: asyncio.Task[None]) -> None:
        del self._running[group]
        self._take_failure(task)
        self._nudge(group)  # a neighbour may have committed between the last look and now

    def _take_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = self._failure or failure
        self._idle.set()

    async def _play_on(self, group: int) -> None:
        """Play tick after tick for as long as the clock allows."""
        while self._may_play(group):
            tick = self._clock.next_tick(group)
            report = await self._play(group, tick)
            self._failpoints.reach("simulation.before_commit")
            await self._ledger.commit_tick(report)
            self._failpoints.reach("simulation.after_commit")
            self._take(report)

    async def _play(self, group: int, tick: int) -> TickReport:
        inbox, cut = self._post.collect(group, tick)
        round_ = self._stage.round
        if self._quiescent[group] and not inbox and self._rounds[group] >= round_:
            return null_report(group, tick, self._rounds[group])
        grant = Grant(group, tick, round_, inbox, cut)
        return await self._insistently(
            lambda: self._groups.play(grant), f"{group_label(group)}/t{tick:04d}"
        )

    async def _insistently(self, ask: Callable[[], Awaitable[Answer]], what: str) -> Answer:
        """Ask again where a process died before it answered, but not for ever."""
        for _ in range(self._settings.tick_attempts):
            try:
                return await ask()
            except EnvironmentalFailure as failure:
                if failure.hindrance is not Hindrance.ACTOR_LOST:
                    raise
                self.tally.actors_lost += 1
                last = failure
        raise RunFailure(
            f"{what} lost {self._settings.tick_attempts} processes in a row ({last.detail}). "
            "Everything before it is kept; look into logs/ for why they died, then run the same "
            "command again."
        )

    def _take(self, report: TickReport) -> None:
        """Note a committed tick and start what it frees."""
        group, tick = report.group, report.tick
        self._post.delivered(group, tick)
        self._post.post(report.envelopes)
        self._quiescent[group] = report.quiescent
        self._rounds[group] = report.round
        if count := len(report.actions):
            key = (tick // self._settings.window, group)
            self._actions[key] = self._actions.get(key, 0) + count
        self.tally.count(report)
        self._on_report(report)
        freed = self._clock.commit(group, tick)
        self._committed_ticks += 1
        if (tick + 1) % self._settings.window == 0:
            self._order_summary(tick // self._settings.window, group)
        self._settle(group)
        self._look_for_silence()
        for neighbour in freed:
            self._nudge(neighbour)

    def _settle(self, group: int) -> None:
        """Keep the set of groups in which somebody may still act in this stage (S6)."""
        if self._quiescent[group] and self._rounds[group] >= self._stage.round:
            self._unsettled.discard(group)
        else:
            self._unsettled.add(group)

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        self._silent = self._over = False
        for group in range(self._count):
            self._settle(group)
        self._look_for_silence()

    def _look_for_silence(self) -> None:
        """Cut the stage after its last window with actions, if nothing can happen any more.

        Not where another stage is to follow: its round wakes everybody up again.
        """
        if self._silent or self._unsettled or not self._post.empty:
            return
        self._silent = True
        if self._horizon.next(self._stage, self._actions) is None:
            windows = 1 + max((window for window, _ in self._actions), default=-1)
            end = min(self._stage.end, windows * self._settings.window)
            self._stage = replace(self._stage, end=end)
            self._over = True

    def _order_summary(self, window: int, group: int) -> None:
        if self._failure is None and self._awaits_summary(window, group):
            self._summarised.add((window, group))
            task = asyncio.create_task(self._summarise(SummaryOrder(group, window)))
            self._summaries.add(task)
            task.add_done_callback(self._summary_done)

    def _awaits_summary(self, window: int, group: int) -> bool:
        closed = (window + 1) * self._settings.window <= self._clock.next_tick(group)
        enough = self._actions.get((window, group), 0) >= self._settings.min_actions
        return closed and enough and (window, group) not in self._summarised

    def _summary_done(self, task: asyncio.Task[None]) -> None:
        self._summaries.discard(task)
        self._take_failure(task)

    async def _summarise(self, order: SummaryOrder) -> None:
        scenario = await self._insistently(
            lambda: self._groups.summarise(order),
            summary_address(order.group, order.window),
        )
        await self._ledger.commit_scenario(scenario)
        self._failpoints.reach("simulation.after_scenario")
        self.tally.count_scenario(scenario)


def _under_way(progress: Progress, window: int) -> Iterator[Envelope]:
    """What was sent and has not been delivered yet, one `window` after it was sent."""
    for report in progress.recent:
        for envelope in report.envelopes:
            if envelope.action.tick + window > progress.committed[envelope.target]:
                yield envelope
