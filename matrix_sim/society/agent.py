"""An agent: a persona with a goal, a plan and a memory, that acts when it is its turn.

Its state is a fold over its own committed steps and nothing else, so that it can be rebuilt
anywhere. A turn is played on the state of the last committed tick; the step it gives is folded
in when a later turn says that it was committed (S4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import BaseModel

from matrix_sim.llm.contracts import LLM, Address, Message, Request, Role, Schema
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.structured import ask, ask_text, in_turn
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    CondensedBlock,
    Failure,
    Goal,
    PlanEffect,
    Turn,
    agent_label,
)
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.agent_state import AgentState
from matrix_sim.society.archive import Archive
from matrix_sim.society.memory import MemoryItem
from matrix_sim.society.replies import ActReply, GoalReply
from matrix_sim.society.settings import AgentSettings
from matrix_sim.society.society import Member
from matrix_sim.text import clip, clip_to_tokens

M = TypeVar("M", bound=BaseModel)

_GOAL_SCHEMA = schema_of(GoalReply, "goal")
_ACT_SCHEMA = schema_of(ActReply, "act")
_CONDENSED_SHARE = 4
_SHORTEST_EXCERPT = 20
"""Tokens that stand in for a memory item where nothing condensed it."""
_PROFILE_SHARE = 4
"""A profile that is too long for the model is halved down to this part of it."""
_SHORTER_ITEMS = (120, 60, 30)
"""Characters of an item in a question that is too long for the model."""


@dataclass(slots=True)
class _Draft:
    """A turn while it is played."""

    state: AgentState
    """With what was condensed, and the goal that was found, on the way."""
    profile: str
    condensed: list[CondensedBlock] = field(default_factory=list)
    recalling: bool = True
    """Whether what is recalled is told."""

    def condense(self, block: CondensedBlock) -> None:
        """Note what became of the oldest block of the memory."""
        self.condensed.append(block)
        self.state = self.state.condense(block)


class Agent:
    """One member of a group: acts in its turn, remembers what was committed."""

    def __init__(
        self,
        member: Member,
        settings: AgentSettings,
        prompts: PromptLibrary,
        llm: LLM,
        history: Iterable[AgentStep],
    ) -> None:
        self._member = member
        self._settings = settings
        self._prompts = prompts
        self._llm = llm
        self._profile = clip(
            prompts.text_of("profile", persona=member.persona), settings.persona_characters
        )
        self._state = AgentState(archive=Archive(settings.memory.archive))
        self._pending: AgentStep | None = None
        self._playing = asyncio.Lock()
        for step in history:
            self._state = self._state.after(step)

    @property
    def state(self) -> AgentState:
        """The state after the last step that is known to be committed."""
        return self._state

    async def first_goal(self) -> Goal:
        """The goal that it begins its life with: asked as its first turn would ask for it.

        Raises:
            EnvironmentalFailure: a call got no reply.
        """
        return await self._find_goal(_Draft(self._state, self._profile), 0)

    async def act(self, turn: Turn) -> AgentStep:
        """Play a turn; asked again for the same tick, give the same step.

        Raises:
            EnvironmentalFailure: a call got no reply; nothing has changed.
        """
        async with self._playing:
            if self._pending is not None:
                if self._pending.action.tick == turn.tick:
                    return self._pending
                if self._pending.action.tick > turn.tick:
                    raise ValueError(
                        f"{self._label} is asked for tick {turn.tick} after tick "
                        f"{self._pending.action.tick}: ticks of a group are granted in order"
                    )
                self._state = self._state.after(self._pending)
                self._pending = None
            self._pending = await self._play(turn)
            return self._pending

    async def _play(self, turn: Turn) -> AgentStep:
        draft, goal = _Draft(self._state, self._profile), None
        await self._condense(draft, self._settings.memory.tokens)
        if draft.state.next_step is None and draft.state.may_go_on(turn.round):
            goal = await self._find_goal(draft, turn.round)
            draft.state = draft.state.adopt(goal)
        mode = self._mode(draft.state, turn)
        reply = await self._decide(draft, turn, mode) if mode is not ActionKind.IDLE else None
        text, effect, revised, failure = "", PlanEffect.KEEP, None, None
        if isinstance(reply, Failure):
            failure = reply
        elif reply is not None:
            text = clip(reply.action, self._settings.action_characters)
            effect = reply.effect
            if effect is PlanEffect.REVISE:
                revised = clip(reply.next_step, self._settings.action_characters) or None
        left = draft.state.affect(effect, revised)
        action = Action(
            tick=turn.tick,
            group=turn.group,
            agent=self._member.agent,
            kind=mode if text else ActionKind.IDLE,
            text=text,
        )
        return AgentStep(
            action=action,
            mode=mode,
            observed=turn.observations,
            effect=effect,
            revised_step=revised,
            has_next=left.may_go_on(turn.round),
            goal=goal,
            condensed=tuple(draft.condensed),
            failure=failure,
            plan_done=draft.state.next_step is not None and left.next_step is None,
        )

    def _mode(self, state: AgentState, turn: Turn) -> ActionKind:
        """React, follow the plan, or neither: reacting must not starve plans (S4.2)."""
        patience_left = state.reactions < self._settings.max_reactions
        if turn.observations and (patience_left or state.next_step is None):
            return ActionKind.REACTION
        return ActionKind.PLAN if state.next_step is not None else ActionKind.IDLE

    async def _decide(self, draft: _Draft, turn: Turn, mode: ActionKind) -> ActReply | Failure:
        def messages() -> tuple[Message, ...]:
            state = draft.state
            return self._prompts.render(
                "act",
                profile=draft.profile,
                goal=replace(state.goal, plan=state.plan) if state.goal is not None else None,
                memory=state.memory.items,
                recalled=self._recalled(state, turn) if draft.recalling else (),
                step=state.next_step,
                observations=turn.observations,
                mode=mode.value,
            )

        request = self._request(f"act/{self._label}/t{turn.tick:04d}", messages(), _ACT_SCHEMA)
        return await self._ask(draft, request, ActReply, messages)

    def _recalled(self, state: AgentState, turn: Turn) -> tuple[MemoryItem, ...]:
        """What of the archive bears on what is seen and on the current step."""
        cues = [seen.action.text for seen in turn.observations]
        if state.next_step is not None:
            cues.append(state.next_step)
        return state.archive.recall(cues, self._settings.memory.recall)

    async def _find_goal(self, draft: _Draft, round_: int) -> Goal:
        def messages() -> tuple[Message, ...]:
            state = draft.state
            return self._prompts.render(
                "goal",
                profile=draft.profile,
                round=round_,
                previous=state.goal if state.goal and state.goal.plan else None,
                memory=state.memory.items,
            )

        suffix = f"/r{round_}" if round_ else ""
        request = self._request(f"goal/{self._label}{suffix}", messages(), _GOAL_SCHEMA)
        reply = await self._ask(draft, request, GoalReply, messages)
        if isinstance(reply, Failure):
            return Goal(round_, "", "", (), failure=reply)
        length = self._settings.action_characters
        return Goal(
            round=round_,
            personality=clip(reply.personality, length),
            life_goal=clip(reply.life_goal, length),
            plan=tuple(clip(step, length) for step in reply.plan),
        )

    def _request(
        self, address: str, messages: tuple[Message, ...], schema: Schema | None
    ) -> Request:
        return Request(
            Address(address), Role.AGENT, messages, self._settings.reply.max_tokens, schema
        )

    async def _ask(
        self,
        draft: _Draft,
        request: Request,
        model: type[M],
        messages: Callable[[], tuple[Message, ...]],
    ) -> M | Failure:
        """Ask; where the prompt is too long for the model, with less of the agent in it."""

        async def shorter() -> tuple[Message, ...] | None:
            return messages() if await self._shorten(draft) else None

        return await ask(
            self._llm,
            request,
            model,
            self._prompts.repair,
            self._settings.reply,
            shorter=shorter,
        )

    async def _shorten(self, draft: _Draft) -> bool:
        """Have less to tell, as committed history gives it; False where nothing is left to spare.

        The memory comes first, for good: what is condensed stays so.
        """
        draft.recalling = False
        memory = draft.state.memory
        # What is no larger than a condensed block would only be paid for to stay as large.
        if memory.condensable and memory.tokens > self._condensed_tokens:
            await self._condense(draft, memory.tokens // 2)
            return True
        if len(draft.profile) <= len(self._profile) // _PROFILE_SHARE:
            return False
        draft.profile = clip(draft.profile, max(1, len(draft.profile) // 2))
        return True

    async def _condense(self, draft: _Draft, tokens: int) -> None:
        """Condense the oldest blocks until the memory has no more than `tokens`, if it can."""
        while draft.state.memory.tokens > tokens and draft.state.memory.condensable:
            draft.condense(await self._condensed(draft.state))

    async def _condensed(self, state: AgentState) -> CondensedBlock:
        block = state.memory.oldest_block(self._settings.memory.block_tokens)
        size = sum(item.tokens for item in block)
        tokens = max(_SHORTEST_EXCERPT, min(self._condensed_tokens, size // _CONDENSED_SHARE))

        def messages(items: Sequence[MemoryItem]) -> tuple[Message, ...]:
            return self._prompts.render("condense", items=items, speaker=self._member.speaker)

        request = self._request(
            f"condense/{self._label}/b{state.blocks:04d}", messages(block), None
        )
        reply = await ask_text(
            self._llm,
            request,
            self._settings.reply,
            shorter=in_turn(
                messages([replace(item, text=clip(item.text, characters)) for item in block])
                for characters in _SHORTER_ITEMS
            ),
        )
        if isinstance(reply, Failure):
            share = max(_SHORTEST_EXCERPT, tokens // len(block))
            text = "\n".join(clip_to_tokens(item.text, share) for item in block)
            return CondensedBlock(
                state.blocks, len(block), clip_to_tokens(text, tokens), failure=reply
            )
        return CondensedBlock(state.blocks, len(block), clip_to_tokens(reply.strip(), tokens))

    @property
    def _condensed_tokens(self) -> int:
        """What is condensed comes down to a quarter."""
        return self._settings.memory.block_tokens // _CONDENSED_SHARE

    @property
    def _label(self) -> str:
        return agent_label(self._member.agent)
