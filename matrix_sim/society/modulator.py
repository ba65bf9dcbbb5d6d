"""A modulator: plays its group's ticks and turns closed windows into scenarios.

Like an agent's, its state is a fold over committed reports; the report of the last tick is
folded in when the next grant, or the order of a summary, says that it was committed (S4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from matrix_sim.llm.contracts import LLM, Address, Message, Request, Role
from matrix_sim.llm.structured import ask_text, in_turn
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    Delivery,
    Envelope,
    Failure,
    Grant,
    Observation,
    Scenario,
    ScenarioAction,
    SummaryOrder,
    TickReport,
    Turn,
    group_label,
    summary_address,
)
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.archive import Archive
from matrix_sim.society.contracts import History, Members
from matrix_sim.society.memory import MemoryItem
from matrix_sim.society.routing import Router, Routing, RoutingQuestion
from matrix_sim.society.settings import ModulatorSettings
from matrix_sim.text import clip, clip_to_tokens

_MEMORY_LINES = 8
"""Recent happenings that a routing prompt holds, at least; twice as many at most."""
_RECENT_TEXTS = 4
"""What a member did and observed lately, as far as similarity goes by it."""
_LINE_TOKENS = 80
_SHORTER_ACTIONS = (120, 60, 30)
"""Characters of an action in a summary's question, where the whole is too long for the model."""
_KEPT_WINDOWS = 2
"""Closed windows whose actions stay at hand; older ones are read from history when asked for."""


@dataclass(slots=True)
class _GroupState:
    """The fold over a group's committed reports."""

    tick: int = -1
    round: int = -1
    deliveries: dict[int, tuple[Observation, ...]] = field(default_factory=dict)
    """What each member observes in the next tick."""
    has_next: dict[int, bool] = field(default_factory=dict)
    """Whether a member's plan has a next step; absent: it was never asked."""
    memory: list[MemoryItem] = field(default_factory=list)
    """What happened in the group lately."""
    archive: Archive = field(default_factory=lambda: Archive(0))
    """What happened before that."""
    recent: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Per member, what it did and observed lately."""
    windows: dict[int, tuple[Action, ...]] = field(default_factory=dict)
    """The actions of the current window and of the last closed ones."""


class Modulator:
    """The collector and distributor of one group."""

    def __init__(
        self,
        group: int,
        speakers: dict[int, str],
        settings: ModulatorSettings,
        router: Router,
        prompts: PromptLibrary,
        llm: LLM,
        members: Members,
        history: History,
        reports: Iterable[TickReport],
    ) -> None:
        """`speakers` names the members: agent to how the others know it, by ascending agent.

        `reports` are the group's committed ticks, in order; `history` is where the actions of
        windows long closed are read again.
        """
        self._group = group
        self._speakers = speakers
        self._settings = settings
        self._router = router
        self._prompts = prompts
        self._llm = llm
        self._members = members
        self._history = history
        # What no model is told need not be found, in every tick, nor kept for it.
        kept = settings.memory.archive if settings.asks_model else 0
        self._state = _GroupState(archive=Archive(kept))
        self._pending: TickReport | None = None
        self._playing = asyncio.Lock()
        for report in reports:
            self._fold(report)

    async def play(self, grant: Grant) -> TickReport:
        """Play a tick; asked again for the same, give the same report.

        Raises:
            EnvironmentalFailure: a call got no reply or a process died; nothing has changed.
        """
        async with self._playing:
            self._fold_pending_before(grant.tick)
            if self._pending is None:
                self._pending = await self._play(grant)
            return self._pending

    async def summarise(self, order: SummaryOrder) -> Scenario:
        """The scenario of a window, all of whose ticks are committed.

        Raises:
            EnvironmentalFailure: the call got no reply.
        """
        told = tuple(
            ScenarioAction(a.tick, a.agent, self._speakers[a.agent], a.kind, a.text)
            for a in await self._actions_of(order.window)
        )

        def messages(characters: int | None = None) -> tuple[Message, ...]:
            shown = told
            if characters is not None:
                shown = tuple(replace(a, text=clip(a.text, characters)) for a in told)
            return self._prompts.render("summary", actions=shown)

        request = Request(
            address=Address(summary_address(self._group, order.window)),
            role=Role.MODULATOR,
            messages=messages(),
            max_tokens=self._settings.reply.max_tokens,
        )
        reply = await ask_text(
            self._llm,
            request,
            self._settings.reply,
            shorter=in_turn(messages(characters) for characters in _SHORTER_ACTIONS),
        )
        if isinstance(reply, Failure):
            return Scenario(order.window, self._group, told, "", failure=reply)
        return Scenario(order.window, self._group, told, reply.strip())

    def _fold_pending_before(self, tick: int) -> None:
        if self._pending is not None and self._pending.tick < tick:
            self._fold(self._pending)
            self._pending = None
        if self._state.tick >= tick or (self._pending and self._pending.tick != tick):
            raise ValueError(
                f"{group_label(self._group)} is asked for tick {tick} out of order: "
                f"tick {self._state.tick} is committed"
            )

    async def _actions_of(self, window: int) -> tuple[Action, ...]:
        first, end = window * self._settings.window, (window + 1) * self._settings.window
        if self._pending is not None and self._pending.tick < end:
            self._fold(self._pending)
            self._pending = None
        if window in self._state.windows:
            return self._state.windows[window]
        return tuple(
            action
            for report in await self._history.reports(self._group)
            if first <= report.tick < end
            for action in report.actions
        )

    async def _play(self, grant: Grant) -> TickReport:
        state = self._state
        steps = await self._turns(grant)
        own = tuple(s.action for s in steps if s.action.kind is not ActionKind.IDLE)
        question = self._question(grant, own)
        routing = await self._router.route(question) if question.actions else Routing(())
        deliveries, cut = self._deliveries(question, routing)
        has_next = state.has_next | {s.action.agent: s.has_next for s in steps}
        return TickReport(
            group=self._group,
            tick=grant.tick,
            round=grant.round,
            steps=steps,
            inbox=grant.inbox,
            deliveries=deliveries,
            envelopes=self._envelopes(question, routing),
            quiescent=not deliveries and not any(has_next.values()),
            inbox_cut=grant.cut,
            observations_cut=cut,
            unknown_ids=routing.unknown_ids,
            routing_failure=routing.failure,
            sparing=routing.sparing,
        )

    def _question(self, grant: Grant, own: tuple[Action, ...]) -> RoutingQuestion:
        state = self._state
        actions = (
            *((envelope.action, envelope.speaker) for envelope in grant.inbox),
            *((action, self._speakers[action.agent]) for action in own),
        )
        # The group's own doings follow on what its people remember themselves.
        recalled = state.archive.recall(
            (envelope.action.text for envelope in grant.inbox), self._settings.memory.recall
        )
        return RoutingQuestion(
            group=self._group,
            tick=grant.tick,
            actions=actions,
            memory=tuple(map(_line, state.memory)),
            recalled=tuple(map(_line, recalled)),
            recent=dict(state.recent),
        )

    async def _turns(self, grant: Grant) -> tuple[AgentStep, ...]:
        """Ask everybody who may have something to do, all at once; the others idle at no cost."""
        state = self._state
        asked = [
            agent
            for agent in self._speakers
            if grant.round > state.round
            or agent in state.deliveries
            or state.has_next.get(agent, True)
        ]
        steps = await asyncio.gather(
            *(
                self._members.act(
                    agent,
                    Turn(grant.tick, self._group, grant.round, state.deliveries.get(agent, ())),
                )
                for agent in asked
            ),
            return_exceptions=True,
        )
        # Everyone is heard out before a failure is raised: what they paid for is in the journal.
        for step in steps:
            if isinstance(step, BaseException):
                raise step
        return tuple(step for step in steps if isinstance(step, AgentStep))

    def _deliveries(
        self, question: RoutingQuestion, routing: Routing
    ) -> tuple[tuple[Delivery, ...], int]:
        seen: dict[int, list[Observation]] = {}
        for (action, speaker), route in zip(question.actions, routing.routes, strict=True):
            for agent in route.aware:
                seen.setdefault(agent, []).append(Observation(action, speaker))
        limit, cut, deliveries = self._settings.observation_limit, 0, []
        for agent in sorted(seen):
            ordered = sorted(seen[agent], key=lambda o: o.action.order)
            cut += max(0, len(ordered) - limit)
            deliveries.append(Delivery(agent, tuple(ordered[-limit:])))
        return tuple(deliveries), cut

    def _envelopes(self, question: RoutingQuestion, routing: Routing) -> tuple[Envelope, ...]:
        ranks: dict[int, int] = {}
        envelopes = []
        for index in routing.by_importance:
            action, speaker = question.actions[index]
            for target in routing.routes[index].forward[: self._settings.forward_limit]:
                rank = ranks.get(target, 0)
                ranks[target] = rank + 1
                envelopes.append(Envelope(target, rank, action, speaker))
        return tuple(envelopes)

    def _fold(self, report: TickReport) -> None:
        state, window = self._state, report.tick // self._settings.window
        state.tick, state.round = report.tick, report.round
        state.deliveries = {d.agent: d.observations for d in report.deliveries}
        state.has_next.update((s.action.agent, s.has_next) for s in report.steps)
        for closed in [w for w in state.windows if w < window - _KEPT_WINDOWS]:
            del state.windows[closed]
        state.windows[window] = state.windows.get(window, ()) + report.actions
        state.memory.extend(
            MemoryItem(self._speakers[a.agent], clip_to_tokens(a.text, _LINE_TOKENS))
            for a in report.actions
        )
        if len(state.memory) > 2 * _MEMORY_LINES:
            state.archive = state.archive.keep(state.memory[:-_MEMORY_LINES])
            del state.memory[:-_MEMORY_LINES]
        for step in report.steps:
            texts = [seen.action.text for seen in step.observed] + [step.action.text]
            agent = step.action.agent
            known = state.recent.get(agent, ())
            state.recent[agent] = (*known, *filter(None, texts))[-_RECENT_TEXTS:]


def _line(happening: MemoryItem) -> str:
    return f"{happening.speaker}: {happening.text}"
