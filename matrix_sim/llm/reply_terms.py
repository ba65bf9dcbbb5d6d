"""What a model's config says of its replies, for whoever asks it."""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.config import ModelConfig


@dataclass(frozen=True, slots=True)
class ReplyTerms:
    """How long a reply may be, and how one is asked for again."""

    max_tokens: int
    """Room for a reply, its thinking included."""
    largest: int
    """Room up to which a reply that was cut off is asked for again, in tokens."""
    thinking_back: bool = False
    """Whether a malformed reply is shown to the model with the thinking that led to it."""

    @classmethod
    def of(cls, model: ModelConfig) -> ReplyTerms:
        """Those of a model."""
        return cls(model.max_tokens, model.largest_reply, model.reasoning.in_context)
