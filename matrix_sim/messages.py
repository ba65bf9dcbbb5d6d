"""The values that travel between agents, modulators, the coordinator and the store.

All are frozen. Agents and groups go by number here (their index in the run); `agent_label`
and `group_label` are the names that addresses, exports and messages to people use. What is
committed can be folded: an agent's state is its steps, a group's state is its reports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


def agent_label(agent: int) -> str:
    """`a00042`: an agent in addresses, exports and messages."""
    return f"a{agent:05d}"


def group_label(group: int) -> str:
    """`g0003`: a group in addresses, exports and messages."""
    return f"g{group:04d}"


def summary_address(group: int, window: int) -> str:
    """`summary/g0003/w0002`: the address of the call for a scenario's summary."""
    return f"summary/{group_label(group)}/w{window:04d}"


def by_number(labels: Iterable[str]) -> list[str]:
    """Labels of one kind by their numbers: a very large run outgrows the padding."""
    return sorted(labels, key=lambda label: int(label[1:]))


class ActionKind(StrEnum):
    """Why an agent did what it did in a tick."""

    PLAN = "plan"
    """It took the next step of its plan (and saw its observations, if any)."""
    REACTION = "reaction"
    """It answered what it observed."""
    IDLE = "idle"
    """It did nothing, by choice or because its call failed for good."""


class PlanEffect(StrEnum):
    """What an action does to the plan of the one who acted."""

    KEEP = "keep"
    ADVANCE = "advance"
    REVISE = "revise"
    DONE = "done"


class Failure(StrEnum):
    """Outcome failures: they belong to the reply, are journaled, and replay the same (S3)."""

    REFUSED = "refused"
    CONTENT_FILTER = "content_filter"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    CONTEXT_OVERFLOW = "context_overflow"


@dataclass(frozen=True, slots=True)
class Action:
    """What one agent did in one tick; an idle one has no text."""

    tick: int
    group: int
    agent: int
    kind: ActionKind
    text: str
    sequence: int = 0
    """Order among the actions of one agent in one tick."""

    def __post_init__(self) -> None:
        if (self.kind is ActionKind.IDLE) != (not self.text):
            raise ValueError(f"an action has text exactly when it is not idle: {self!r}")

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Sort key of everything that is delivered (S4.1)."""
        return (self.tick, self.group, self.agent, self.sequence)


@dataclass(frozen=True, slots=True)
class Observation:
    """An action that a modulator decided an agent is aware of."""

    action: Action
    speaker: str
    """How the one who acted is known to others: a name and a few words."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An action on its way to a neighbouring group, routed there one window later."""

    target: int
    rank: int
    """The sender's order of importance among its envelopes of the tick to this target; 0 first."""
    action: Action
    speaker: str

    @property
    def source(self) -> int:
        """The group that sent it."""
        return self.action.group


@dataclass(frozen=True, slots=True)
class Goal:
    """What an agent lives for, adopted in one piece, in one round of the simulation."""

    round: int
    personality: str
    life_goal: str
    plan: tuple[str, ...]
    failure: Failure | None = None
    """Set, with everything else empty, where the endpoint gave no usable goal."""


@dataclass(frozen=True, slots=True)
class CondensedBlock:
    """The oldest stretch of a memory, condensed to a few lines."""

    number: int
    entries: int
    """How many entries, oldest first, it replaces."""
    text: str
    failure: Failure | None = None
    """Set where the endpoint gave none: the entries' beginnings stand in for it."""


@dataclass(frozen=True, slots=True)
class AgentStep:
    """Everything that one agent's turn changed: the event that its state is folded from."""

    action: Action
    mode: ActionKind
    """What the turn was for: the plan, a reaction, or nothing (IDLE).

    The action may be idle all the same.
    """
    observed: tuple[Observation, ...]
    effect: PlanEffect
    revised_step: str | None
    """The new current step, with `PlanEffect.REVISE`."""
    has_next: bool
    """Whether the plan has a next step after this one, or a new goal is due in this round:
    otherwise, with nothing to observe, the agent need not be asked."""
    goal: Goal | None = None
    condensed: tuple[CondensedBlock, ...] = ()
    failure: Failure | None = None
    """Why the action is idle, where a call failed for good."""
    plan_done: bool = False
    """Whether this step brought the plan to its end."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What an agent is asked: to act in a tick."""

    tick: int
    group: int
    round: int
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave for a group to play a tick; it also says that every earlier tick is committed."""

    group: int
    tick: int
    round: int
    inbox: tuple[Envelope, ...]
    """The envelopes sent one window ago, complete, in `Action.order`."""
    cut: int = 0
    """How many envelopes the inbox limit left out."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one member observes in the next tick."""

    agent: int
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Sparing:
    """What a routing that asks its model only when in doubt came to, in decisions.

    A decision is one action and one member or neighbouring group that it may reach.
    """

    decisions: int = 0
    spared: int = 0
    """Decided by similarity, because it was sure."""
    compared: int = 0
    """Of the spared: those on which the model, asked about the same action, said something too."""
    agreed: int = 0
    """Of the compared: those on which it said the same."""

    @property
    def spared_share(self) -> float | None:
        """Of the decisions; None where there was none."""
        return self.spared / self.decisions if self.decisions else None

    @property
    def agreed_share(self) -> float | None:
        """Of the compared; None where there was none."""
        return self.agreed / self.compared if self.compared else None

    def __add__(self, other: Sparing) -> Sparing:
        return Sparing(
            self.decisions + other.decisions,
            self.spared + other.spared,
            self.compared + other.compared,
            self.agreed + other.agreed,
        )


@dataclass(frozen=True, slots=True)
class TickReport:
    """Everything that one tick of one group changed, committed in one transaction."""

    group: int
    tick: int
    round: int
    steps: tuple[AgentStep, ...]
    inbox: tuple[Envelope, ...]
    deliveries: tuple[Delivery, ...]
    envelopes: tuple[Envelope, ...]
    quiescent: bool
    """Whether the next tick would be null if its inbox were empty and the round the same."""
    inbox_cut: int = 0
    observations_cut: int = 0
    unknown_ids: int = 0
    """What was dropped from the routing reply: it named nobody there, the one who acted, an action
    that was not asked about, or sent on what another group had sent."""
    routing_failure: Failure | None = None
    sparing: Sparing | None = None
    """With hybrid routing."""

    @property
    def null(self) -> bool:
        """Nobody acted and nothing came in (S6)."""
        return not self.steps and not self.inbox

    @property
    def actions(self) -> tuple[Action, ...]:
        """What was done, without the idle."""
        return tuple(s.action for s in self.steps if s.action.kind is not ActionKind.IDLE)


def null_report(group: int, tick: int, round_: int) -> TickReport:
    """The report of a tick in which nothing could happen."""
    return TickReport(group, tick, round_, (), (), (), (), quiescent=True)


@dataclass(frozen=True, slots=True)
class SummaryOrder:
    """The question for the summary of one window of one group."""

    group: int
    window: int


@dataclass(frozen=True, slots=True)
class ScenarioAction:
    """One action of a scenario, with how its agent is known."""

    tick: int
    agent: int
    speaker: str
    kind: ActionKind
    text: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One window of one group: who did what, and two or three sentences on it."""

    window: int
    group: int
    actions: tuple[ScenarioAction, ...]
    summary: str
    failure: Failure | None = None
    """Why there is no summary, where its call failed for good."""
