"""Which endpoint gets which gate."""

from __future__ import annotations

import time
from collections.abc import Callable

from matrix_sim.config import LimitsConfig, ModelConfig, RuntimeConfig
from matrix_sim.llm.contracts import Gate
from matrix_sim.llm.limits.gate import LeasedGate
from matrix_sim.llm.limits.lease import LaneTerms, LimiterPort
from matrix_sim.llm.open_gate import OpenGate


class LeasedGates:
    """The gates of one process (a `GateOf`), all with the same limiter."""

    def __init__(
        self,
        limiter: LimiterPort,
        runtime: RuntimeConfig,
        holder: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`holder` is this process's name; no other has it."""
        self._limiter = limiter
        self._runtime = runtime
        self._holder = holder
        self._clock = clock
        self._made = 0

    def __call__(self, model: ModelConfig, address: str) -> Gate:
        """The gate of one endpoint."""
        if not limited(model):
            return OpenGate()
        self._made += 1
        return LeasedGate(
            lane_name(model, address, self._holder),
            lane_terms(model.limits, self._runtime),
            f"{self._holder}/{self._made}",
            self._limiter,
            clock=self._clock,
        )


def lane_name(model: ModelConfig, address: str, holder: str) -> str:
    """The same for all who share an endpoint's limits, and fit to be shown.

    Limits belong to a key as well, which is told by its name. A model file is served in every
    process of its own.
    """
    if model.stub is not None:
        return "the stub"
    if model.gguf is not None:
        return f"{model.gguf.name} in {holder}"
    key = f", key {model.key_name}" if model.key_name else ""
    return f"{address} ({model.model}{key})"


def lane_terms(limits: LimitsConfig, runtime: RuntimeConfig) -> LaneTerms:
    """What the config says of an endpoint's limits."""
    fixed = limits.concurrency != "auto"
    bound = runtime.max_in_flight if limits.concurrency == "auto" else limits.concurrency
    return LaneTerms(
        bound=min(bound, runtime.max_in_flight),
        fixed=fixed,
        rpm=limits.rpm,
        tpm=limits.tpm,
        outage=runtime.outage,
    )


def limited(model: ModelConfig) -> bool:
    """The embedded stub counts its own slots, and nothing is between it and its callers.

    Unless somebody wants to see what limits do: then it is treated like any other endpoint. Faults
    alone are no reason: by default they are drawn for each call, and say nothing of a load.
    """
    return model.stub is None or model.limits != LimitsConfig()
