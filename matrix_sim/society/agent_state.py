"""Where an agent stands: a fold over its own committed steps and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from matrix_sim.messages import ActionKind, AgentStep, CondensedBlock, Goal, PlanEffect
from matrix_sim.society.archive import Archive
from matrix_sim.society.memory import Memory, MemoryItem


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
