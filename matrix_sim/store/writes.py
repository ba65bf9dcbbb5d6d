"""What a store is asked, as values: one channel to the single writer carries all of it.

`OpenCall`, `RecordCall` and `AbandonCall` of the journal's contract are items as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.llm.contracts import AbandonCall, OpenCall, RecordCall, Role
from matrix_sim.llm.tariff import Tariffs
from matrix_sim.messages import Scenario, TickReport
from matrix_sim.synthesis.contracts import Candidate


@dataclass(frozen=True, slots=True)
class CommitTick:
    """Make a tick true. Idempotent by (group, tick); answers None."""

    report: TickReport


@dataclass(frozen=True, slots=True)
class CommitScenario:
    """Make a scenario true. Idempotent by (window, group); answers None."""

    scenario: Scenario


@dataclass(frozen=True, slots=True)
class PutEvent:
    """Keep something decided before the first tick; the first write wins.

    Answers the body (bytes) that the store holds.
    """

    kind: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class DropEvent:
    """Take something for not yet decided, that nothing was built on; answers None."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class ForgetTexts:
    """Erase prompts and replies of a role's calls, and keep what they cost; answers None."""

    role: Role


@dataclass(frozen=True, slots=True)
class SetAside:
    """Have what is recorded under these addresses asked again; answers None.

    The rows stay, and what they cost, under `ADDRESS~1` and so on.
    """

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DropScenarios:
    """Take scenarios, by (window, group), for not yet summarised; answers None."""

    keys: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class CommitCandidate:
    """Make it true what became of a candidate. Idempotent by (data set, number); answers None."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class DropCandidates:
    """Have the candidates of a data set from a number on made again; answers None."""

    dataset: str
    first: int


@dataclass(frozen=True, slots=True)
class PutPrices:
    """Price what was called before its role had a price; answers None."""

    tariffs: Tariffs


@dataclass(frozen=True, slots=True)
class ProcessDied:
    """What this process had reserved is not under way any more; answers None."""

    holder: str
    """`OpenCall.holder`."""


@dataclass(frozen=True, slots=True)
class AwaitRoom:
    """Answers None once a call that was refused fits into the budget (`Journal.room`).

    Or `OverBudget`, where nothing is under way that might make room. It waits, and so is the
    affair of the store's front and no part of a transaction.
    """

    call: OpenCall


@dataclass(frozen=True, slots=True)
class ReadReports:
    """Answers the committed ticks of a group, in order."""

    group: int


@dataclass(frozen=True, slots=True)
class ReadScenarios:
    """Answers all scenarios, a tuple in the order (window, group)."""


@dataclass(frozen=True, slots=True)
class ReadCandidates:
    """Answers what became of the candidates of a data set, a tuple in the order of numbers."""

    dataset: str


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """Answers the events of a kind: a dict from key to body, by key."""

    kind: str


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """Answers the `Progress` of the run."""

    groups: int
    window: int
    """`scenario_window`, in ticks."""


@dataclass(frozen=True, slots=True)
class ReadUsage:
    """Answers the `CallUsage` of the run so far."""


Write = (
    OpenCall
    | RecordCall
    | AbandonCall
    | ProcessDied
    | CommitTick
    | CommitScenario
    | PutEvent
    | DropEvent
    | ForgetTexts
    | SetAside
    | DropScenarios
    | CommitCandidate
    | DropCandidates
    | PutPrices
)
Read = ReadReports | ReadScenarios | ReadCandidates | ReadEvents | ReadProgress | ReadUsage
Item = Write | Read
