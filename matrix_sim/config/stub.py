"""The embedded stub as a config describes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from matrix_sim.config.section import Section
from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.faults import FaultPlan
from matrix_sim.llm.stub.latency import parse_latency


class StubConfig(Section):
    """The embedded stub: a deterministic endpoint for tests, demos and scaling."""

    latency: str = "fixed:0"
    """`fixed:SECONDS` or `lognormal:MEAN:SIGMA`."""
    slots: Annotated[int, Field(ge=1)] = 64
    """Requests served at once; the LLM actors share them out."""
    faults: dict[str, Annotated[float, Field(ge=0, le=1, strict=True)]] = Field(
        default_factory=dict
    )
    """Rates from 0 to 1 by name. No reply comes: `rate_limited`, `server`, `timeout`, `disconnect`,
    `unavailable`, `broken_body`. The reply is spoilt: `truncated`, `malformed`, `empty`, `refused`,
    `null_content`."""
    reasoning: bool = False
    """Whether replies come with a short thinking text."""

    @field_validator("latency")
    @classmethod
    def _latency_is_understood(cls, latency: str) -> str:
        try:
            parse_latency(latency)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return latency

    @field_validator("faults")
    @classmethod
    def _faults_are_known(cls, faults: dict[str, float]) -> dict[str, float]:
        try:
            FaultPlan(0, faults)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return faults
