"""What calls cost, in whole numbers: tokens, and billionths of the currency of `price`.

Money is rounded up at every call, so that a budget is never overdrawn by the sum of many small
roundings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matrix_sim.config import ModelsConfig, PriceConfig
from matrix_sim.config.roles import model_of
from matrix_sim.llm.contracts import Request, Role, Usage

BILLION = 1_000_000_000
_MILLION = 1_000_000

_MESSAGE_TOKENS = 16
"""What a chat template puts around a message, at most."""
_INSTRUCTION_TOKENS = 512
"""Room for what an endpoint adds to the system message: how to write JSON, in which language to
think."""


def most_tokens(request: Request) -> tuple[int, int]:
    """The most that a sending can take: tokens of the prompt and of the reply.

    No tokenizer makes more tokens of a text than it has bytes.
    """
    schema = len(request.schema.json_schema) if request.schema is not None else 0
    wrapping = _INSTRUCTION_TOKENS + _MESSAGE_TOKENS * len(request.messages)
    return request.prompt_bytes + schema + wrapping, request.max_tokens


@dataclass(frozen=True, slots=True)
class Tariff:
    """Billionths of the currency for a million tokens."""

    input: int = 0
    output: int = 0
    cached_input: int = 0

    @classmethod
    def of(cls, price: PriceConfig | None) -> Tariff:
        """From the prices of a config; what has none costs nothing."""
        if price is None:
            return FREE
        cached = price.input if price.cached_input is None else price.cached_input
        return cls(_billionths(price.input), _billionths(price.output), _billionths(cached))

    @property
    def free(self) -> bool:
        """Whether nothing costs anything."""
        return not (self.input or self.output or self.cached_input)

    def cost(self, usage: Usage) -> int:
        """What a reply cost, rounded up."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        return -(
            -(
                (usage.prompt_tokens - cached) * self.input
                + cached * self.cached_input
                + usage.completion_tokens * self.output
            )
            // _MILLION
        )

    def most(self, prompt_tokens: int, reply_tokens: int) -> int:
        """The most that so many tokens can cost, rounded up."""
        prompt = prompt_tokens * max(self.input, self.cached_input)
        return -(-(prompt + reply_tokens * self.output) // _MILLION)


FREE = Tariff()


def tariffs_of(models: ModelsConfig) -> dict[Role, Tariff]:
    """The tariff of every role."""
    return {role: Tariff.of(model_of(models, role).price) for role in Role}


def money(billionths: int) -> str:
    """An amount for people: `0.0123`, `2.35`; the currency is theirs to know."""
    amount = billionths / BILLION
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.4g}"


def bound_of(amount: float) -> int:
    """A bound in billionths."""
    return _billionths(amount)


def _billionths(amount: float) -> int:
    return round(amount * BILLION)


Tariffs = Mapping[Role, Tariff]
