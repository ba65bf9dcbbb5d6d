"""Sections of a model that say how its endpoint is treated, what it costs and how it thinks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from matrix_sim.config.section import Section


class RetryConfig(Section):
    """Patience with a request that gets no reply while the endpoint answers others."""

    attempts: Annotated[int, Field(ge=1)] = 6
    """How often a request is sent, the first time included, before the run ends; it can go on.
    While the endpoint as a whole is down, nothing counts (`runtime.outage`)."""
    first_wait_s: Annotated[float, Field(ge=0)] = 1.0
    """The wait before the second sending is drawn from 0 to this, in seconds; it doubles each time.
    What the endpoint asks for (Retry-After) comes on top; above 600 s the run ends instead."""
    max_wait_s: Annotated[float, Field(ge=0)] = 30.0
    """Where the doubling ends, in seconds."""


class LimitsConfig(Section):
    """What the endpoint allows; over all LLM actors, for each address of the model."""

    rpm: Annotated[int, Field(ge=1)] | None = None
    """Requests a minute. Where it is unset, what the endpoint's headers say is kept."""
    tpm: Annotated[int, Field(ge=1)] | None = None
    """Tokens a minute, of prompts and replies together. Likewise."""
    concurrency: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Requests at once; `auto` finds what the endpoint can take, up to `runtime.max_in_flight`."""


class PriceConfig(Section):
    """What a million tokens cost, in the currency that `budget.max_cost` is in."""

    input: Annotated[float, Field(ge=0)]
    """Tokens of prompts."""
    output: Annotated[float, Field(ge=0)]
    """Tokens of replies, those of thinking included."""
    cached_input: Annotated[float, Field(ge=0)] | None = None
    """Tokens of prompts that the endpoint says it took from its cache; unset: as `input`."""


class ReasoningConfig(Section):
    """How a model thinks before it replies."""

    enabled: bool | None = None
    """Whether it is told to think or not to, in the way of its `preset`; unset: neither."""
    language: Literal["any", "ja", "en"] = "any"
    """Asked for in the system message. Many open models think best in English or Chinese."""
    in_context: bool = False
    """Whether the thinking of an earlier reply goes back into the conversation with it."""


class LlamaConfig(Section):
    """llama.cpp's server inside an LLM actor, for `gguf`."""

    context_tokens: Annotated[int, Field(ge=512)] | None = None
    """Context of each slot: prompt, thinking and reply; unset: 8192, or what the model was trained
    for if that is less."""
    slots: Annotated[int, Field(ge=1, le=256)] = 4
    """Requests served at once; each has a context of its own, which takes memory."""
    threads: Annotated[int, Field(ge=1)] | None = None
    """CPU threads; unset: one a core."""
    gpu_layers: int = -1
    """Layers on a GPU, where there is one; -1: all."""
