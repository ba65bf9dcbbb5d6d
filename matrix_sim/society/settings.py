"""What agents and modulators need of the configuration, as one small value each."""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.config import MemoryConfig, RoutingPolicy, SimilarityConfig, SocietyConfig


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """An agent's share of the settings."""

    memory: MemoryConfig
    max_reactions: int
    persona_characters: int
    action_characters: int
    max_tokens: int
    """Room for a reply, its thinking included."""
    largest_reply: int | None = None
    """Room up to which a reply that was cut off is asked for again; None: twice that."""
    thinking_back: bool = False
    """Whether a reply that is asked for again goes back with its thinking."""


@dataclass(frozen=True, slots=True)
class ModulatorSettings:
    """A modulator's share of the settings."""

    window: int
    """Ticks of a window."""
    routing: RoutingPolicy
    similarity: SimilarityConfig
    memory: MemoryConfig
    observation_limit: int
    forward_limit: int
    max_tokens: int
    vectors: bool
    """Whether an embedding model gives vectors while the society is played; otherwise similarity
    goes by shared words."""
    largest_reply: int | None = None
    """As in `AgentSettings`."""
    thinking_back: bool = False
    """As an agent's."""

    @property
    def asks_model(self) -> bool:
        """Whether a model has a say in the routing, which alone is told what is recalled."""
        return self.routing in ("llm", "hybrid")

    @property
    def compares(self) -> bool:
        """Whether similarity has a say in the routing, so that profiles are needed for it."""
        return self.routing in ("embedding", "hybrid")


def agent_settings(
    society: SocietyConfig,
    max_tokens: int,
    *,
    largest_reply: int | None = None,
    thinking_back: bool = False,
) -> AgentSettings:
    """Pick an agent's share; all but `society` is of its role's model."""
    return AgentSettings(
        memory=society.memory,
        max_reactions=society.max_reactions,
        persona_characters=society.persona_characters,
        action_characters=society.action_characters,
        max_tokens=max_tokens,
        largest_reply=largest_reply,
        thinking_back=thinking_back,
    )


def modulator_settings(
    society: SocietyConfig,
    max_tokens: int,
    *,
    vectors: bool = False,
    largest_reply: int | None = None,
    thinking_back: bool = False,
) -> ModulatorSettings:
    """Pick a modulator's share.

    Args:
        society: all settings.
        max_tokens: that of the modulator role's model.
        vectors: whether there is an embedding model to ask.
        largest_reply: that of the modulator role's model.
        thinking_back: `reasoning.in_context` of the same model.
    """
    return ModulatorSettings(
        window=society.scenario_window,
        routing=society.routing,
        similarity=society.similarity,
        memory=society.memory,
        observation_limit=society.observation_limit,
        forward_limit=society.forward_limit,
        max_tokens=max_tokens,
        vectors=vectors,
        largest_reply=largest_reply,
        thinking_back=thinking_back,
    )
