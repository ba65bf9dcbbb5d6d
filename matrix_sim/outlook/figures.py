"""The figures of an estimate, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matrix_sim.llm.contracts import Role
from matrix_sim.outlook.dry_making import DryDataset
from matrix_sim.outlook.dry_run import DryRun
from matrix_sim.outlook.preview_rows import PreviewedDataset


@dataclass(frozen=True, slots=True)
class KindEstimate:
    """Calls for one purpose, in all of the run."""

    what: str
    """`act`, `goal`, `route`, ...; of rows `sft/answer` and the like."""
    calls: int
    prompt_tokens: int
    output_tokens: int | None
    """None without a preview."""
    seconds: float | None
    """Mean time of a reply; None without a preview, or where it had no such call."""
    dataset: str = ""
    """The label of the data set that it is for; empty: the society."""


@dataclass(frozen=True, slots=True)
class RoleEstimate:
    """What one role asks, in all of the run."""

    role: Role
    model: str
    kinds: tuple[KindEstimate, ...]
    cost: float | None
    """None without a preview or a price."""
    priced: bool
    """Whether the config says what its tokens cost."""

    @property
    def calls(self) -> int:
        """Requests that bring a reply."""
        return sum(kind.calls for kind in self.kinds)

    @property
    def prompt_tokens(self) -> int:
        """Estimated, or as the endpoint counts them where a preview calibrated it."""
        return sum(kind.prompt_tokens for kind in self.kinds)

    @property
    def output_tokens(self) -> int | None:
        """Thinking included; None without a preview."""
        known = [kind.output_tokens for kind in self.kinds if kind.output_tokens is not None]
        return sum(known) if len(known) == len(self.kinds) else None


@dataclass(frozen=True, slots=True)
class DatasetEstimate:
    """What one data set asks of all roles together; part of what they ask."""

    label: str
    kind: str
    rows: int
    """Expected: fewer than wanted, where candidates run out before."""
    wanted: int
    candidates: int
    """That it takes for them, those that are refused included."""
    calls: int
    prompt_tokens: int
    output_tokens: int | None
    """None without a preview."""
    cost: float | None
    """None without a preview or a price of all roles that it asks."""
    sequence_s: float | None
    """How long one candidate takes, its calls one after the other; None without a preview."""
    made: DryDataset
    """What that rests on."""
    previewed: PreviewedDataset | None
    """The same of a preview, where there was one."""


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a run will take, about."""

    seconds: float
    because: str
    """What it has to wait for."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound of the budget, and what is expected of it."""

    name: str
    allowed: float
    expected: float | None
    """None where it cannot be said."""
    whole: bool
    """Whether `expected` is all of it; otherwise it is the part that is known."""

    @property
    def fits(self) -> bool | None:
        """Whether the run ends within it; None where that is not known."""
        if self.expected is None:
            return None
        if self.expected > self.allowed:
            return False
        return True if self.whole else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will ask and cost."""

    dry_run: DryRun
    roles: tuple[RoleEstimate, ...]
    datasets: tuple[DatasetEstimate, ...]
    """In the order of the config; what they ask is in `roles`, too."""
    further_calls: int
    """Of the calls, those of rounds that a quota needs beyond its first stage."""
    further_tokens: int
    """The same in prompt tokens."""
    round_calls: int
    """What one more window with new goals for everybody would ask; 0 without a quota."""
    round_tokens: int
    uncached_tokens: int
    """Prompt tokens (estimated) beyond a prefix cache."""
    duration: Duration | None
    """None without a preview."""
    bounds: tuple[Bound, ...]
    calibrated: bool

    @property
    def calls(self) -> int:
        """Of all roles."""
        return sum(role.calls for role in self.roles)

    @property
    def prompt_tokens(self) -> int:
        """Of all roles."""
        return sum(role.prompt_tokens for role in self.roles)

    @property
    def output_tokens(self) -> int | None:
        """Of all roles; None where one is not known."""
        known = [r.output_tokens for r in self.roles if r.output_tokens is not None]
        return sum(known) if len(known) == len(self.roles) else None

    @property
    def cost(self) -> float | None:
        """Of all roles; None where one is not known."""
        known = [role.cost for role in self.roles if role.cost is not None]
        return math.fsum(known) if len(known) == len(self.roles) else None
