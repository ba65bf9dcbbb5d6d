"""An agent: a persona with a goal, a plan and a memory, that acts when it is its turn.

Its state is a fold over its own committed steps and nothing else, so that it can be rebuilt
anywhere. A turn is played on the state of the last committed tick; the step it gives is folded
in when a later turn says that it was committed (S4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from matrix_sim.llm.contracts import LLM, Address, Request, Role
from matrix_sim.llm.schema import schema_of
from matrix_sim.llm.structured import ask, ask_text
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
from matrix_sim.society.archive import Archive
from matrix_sim.society.memory import Memory, MemoryItem
from matrix_sim.society.replies import ActReply, GoalReply
from matrix_sim.society.settings import AgentSettings
from matrix_sim.society.society import Member
from matrix_sim.text import clip, clip_to_tokens

_GOAL_SCHEMA = schema_of(GoalReply, "goal")
_ACT_SCHEMA = schema_of(ActReply, "act")
_CONDENSED_SHARE = 4
_SHORTEST_EXCERPT = 20
"""Tokens that stand in for a memory item where nothing condensed it."""


@dataclass(frozen=True, slots=True)
class AgentState:
    """Where an agent stands after its last committed step."""

    goal: Goal | None = None
    plan: tuple[str, ...] = ()
    """The goal's plan with the revisions since."""
    position: int = 0
    """Index of the current step; `len(plan)` when the plan is done."""
    reactions: int = 0
    """Turns in a row that were spent on reacting."""
    blocks: int = 0
    """Memory blocks condensed so far."""
    memory: Memory = field(default_factory=Memory)
    archive: Archive = field(default_factory=lambda: Archive(0))
    """What was condensed, word by word."""

    @property
    def next_step(self) -> str | None:
        """The current step of the plan, if there is one."""
        return self.plan[self.position] if self.position < len(self.plan) else None

    def may_go_on(self, round_: int) -> bool:
        """Whether there is a step to take, or a goal of this round to be found (S7)."""
        return self.next_step is not None or self.goal is None or self.goal.round < round_

    def adopt(self, goal: Goal) -> AgentState:
        """With a new goal and the plan for it."""
        return replace(self, goal=goal, plan=goal.plan, position=0)

    def condense(self, block: CondensedBlock) -> AgentState:
        """With the oldest block of the memory condensed, and what was in it archived."""
        gone = (item for item in self.memory.items[: block.entries] if not item.condensed)
        return replace(
            self,
            memory=self.memory.condense(block),
            archive=self.archive.keep(gone),
            blocks=block.number + 1,
        )

    def affect(self, effect: PlanEffect, revised_step: str | None) -> AgentState:
        """With the plan as an action leaves it."""
        if self.next_step is None:
            return self
        if effect is PlanEffect.ADVANCE:
            return replace(self, position=self.position + 1)
        if effect is PlanEffect.DONE:
            return replace(self, position=len(self.plan))
        if effect is PlanEffect.REVISE and revised_step:
            before, after = self.plan[: self.position], self.plan[self.position + 1 :]
            return replace(self, plan=(*before, revised_step, *after))
        return self

    def after(self, step: AgentStep) -> AgentState:
        """The fold: this state with one committed step applied."""
        state = self
        for block in step.condensed:
            state = state.condense(block)
        if step.goal is not None:
            state = state.adopt(step.goal)
        state = state.affect(step.effect, step.revised_step)
        seen = tuple(MemoryItem(o.speaker, o.action.text) for o in step.observed)
        own = (MemoryItem("", step.action.text),) if step.action.text else ()
        reacted = step.mode is ActionKind.REACTION
        return replace(
            state,
            memory=state.memory.remember(seen + own),
            reactions=state.reactions + 1 if reacted else 0,
        )


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
        state, condensed, goal = self._state, list[CondensedBlock](), None
        while state.memory.tokens > self._settings.memory.tokens:
            condensed.append(await self._condense(state))
            state = state.condense(condensed[-1])
        if state.next_step is None and state.may_go_on(turn.round):
            goal = await self._find_goal(state, turn.round)
            state = state.adopt(goal)
        mode = self._mode(state, turn)
        reply = await self._decide(state, turn, mode) if mode is not ActionKind.IDLE else None
        text, effect, revised, failure = "", PlanEffect.KEEP, None, None
        if isinstance(reply, Failure):
            failure = reply
        elif reply is not None:
            text = clip(reply.action, self._settings.action_characters)
            effect = reply.effect
            if effect is PlanEffect.REVISE:
                revised = clip(reply.next_step, self._settings.action_characters) or None
        left = state.affect(effect, revised)
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
            condensed=tuple(condensed),
            failure=failure,
            plan_done=state.next_step is not None and left.next_step is None,
        )

    def _mode(self, state: AgentState, turn: Turn) -> ActionKind:
        """React, follow the plan, or neither: reacting must not starve plans (S4.2)."""
        patience_left = state.reactions < self._settings.max_reactions
        if turn.observations and (patience_left or state.next_step is None):
            return ActionKind.REACTION
        return ActionKind.PLAN if state.next_step is not None else ActionKind.IDLE

    async def _decide(self, state: AgentState, turn: Turn, mode: ActionKind) -> ActReply | Failure:
        goal = replace(state.goal, plan=state.plan) if state.goal is not None else None
        messages = self._prompts.render(
            "act",
            profile=self._profile,
            goal=goal,
            memory=state.memory.items,
            recalled=self._recalled(state, turn),
            step=state.next_step,
            observations=turn.observations,
            mode=mode.value,
        )
        request = Request(
            address=Address(f"act/{self._label}/t{turn.tick:04d}"),
            role=Role.AGENT,
            messages=messages,
            max_tokens=self._settings.max_tokens,
            schema=_ACT_SCHEMA,
        )
        back = self._settings.thinking_back
        return await ask(self._llm, request, ActReply, self._prompts.repair, thinking_back=back)

    def _recalled(self, state: AgentState, turn: Turn) -> tuple[MemoryItem, ...]:
        """What of the archive bears on what is seen and on the current step."""
        cues = [seen.action.text for seen in turn.observations]
        if state.next_step is not None:
            cues.append(state.next_step)
        return state.archive.recall(cues, self._settings.memory.recall)

    async def _find_goal(self, state: AgentState, round_: int) -> Goal:
        messages = self._prompts.render(
            "goal",
            profile=self._profile,
            round=round_,
            previous=state.goal if state.goal and state.goal.plan else None,
            memory=state.memory.items,
        )
        suffix = f"/r{round_}" if round_ else ""
        request = Request(
            address=Address(f"goal/{self._label}{suffix}"),
            role=Role.AGENT,
            messages=messages,
            max_tokens=self._settings.max_tokens,
            schema=_GOAL_SCHEMA,
        )
        back = self._settings.thinking_back
        reply = await ask(self._llm, request, GoalReply, self._prompts.repair, thinking_back=back)
        if isinstance(reply, Failure):
            return Goal(round_, "", "", (), failure=reply)
        length = self._settings.action_characters
        return Goal(
            round=round_,
            personality=clip(reply.personality, length),
            life_goal=clip(reply.life_goal, length),
            plan=tuple(clip(step, length) for step in reply.plan),
        )

    async def _condense(self, state: AgentState) -> CondensedBlock:
        block = state.memory.oldest_block(self._settings.memory.block_tokens)
        # What is condensed comes down to a quarter.
        tokens = self._settings.memory.block_tokens // _CONDENSED_SHARE
        request = Request(
            address=Address(f"condense/{self._label}/b{state.blocks:04d}"),
            role=Role.AGENT,
            messages=self._prompts.render("condense", items=block, speaker=self._member.speaker),
            max_tokens=self._settings.max_tokens,
        )
        reply = await ask_text(self._llm, request)
        if isinstance(reply, Failure):
            share = max(_SHORTEST_EXCERPT, tokens // len(block))
            text = "\n".join(clip_to_tokens(item.text, share) for item in block)
            return CondensedBlock(
                state.blocks, len(block), clip_to_tokens(text, tokens), failure=reply
            )
        return CondensedBlock(state.blocks, len(block), clip_to_tokens(reply.strip(), tokens))

    @property
    def _label(self) -> str:
        return agent_label(self._member.agent)
