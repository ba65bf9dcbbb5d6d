"""What a run may spend: never part of its identity."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from matrix_sim.config.section import Section


class BudgetConfig(Section):
    """Bounds over all starts of a run; it ends cleanly before one would be exceeded.

    A call is only sent when what it may cost at most fits in what is left.
    """

    max_calls: Annotated[int, Field(ge=1)] | None = None
    """Requests that may be paid for."""
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Tokens of prompts and replies together."""
    max_cost: Annotated[float, Field(gt=0)] | None = None
    """Money, in the currency of the models' `price`, which each then needs."""
