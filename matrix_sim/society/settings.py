"""What agents and modulators need of the configuration, as one small value each."""

from __future__ import annotations

from dataclasses import dataclass

from matrix_sim.config import MemoryConfig, RoutingPolicy, SimilarityConfig, SocietyConfig
from matrix_sim.llm.reply_terms import ReplyTerms


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """An agent's share of the settings."""

    memory: MemoryConfig
    max_reactions: int
    persona_characters: int
    action_characters: int
    reply: ReplyTerms
    """Of the model that it asks."""


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
    reply: ReplyTerms
    """As an agent's."""
    vectors: bool
    """Whether an embedding model gives vectors while the society is played; otherwise similarity
    goes by shared words."""

    @property
    def asks_model(self) -> bool:
        """Whether a model has a say in the routing, which alone is told what is recalled."""
        return self.routing in ("llm", "hybrid")

    @property
    def compares(self) -> bool:
        """Whether similarity has a say in the routing, so that profiles are needed for it."""
        return self.routing in ("embedding", "hybrid")


def agent_settings(society: SocietyConfig, reply: ReplyTerms) -> AgentSettings:
    """Pick an agent's share; `reply` is of its role's model."""
    return AgentSettings(
        memory=society.memory,
        max_reactions=society.max_reactions,
        persona_characters=society.persona_characters,
        action_characters=society.action_characters,
        reply=reply,
    )


def modulator_settings(
    society: SocietyConfig, reply: ReplyTerms, *, vectors: bool = False
) -> ModulatorSettings:
    """Pick a modulator's share.

    Args:
        society: all settings.
        reply: of the modulator role's model.
        vectors: whether there is an embedding model to ask.
    """
    return ModulatorSettings(
        window=society.scenario_window,
        routing=society.routing,
        similarity=society.similarity,
        memory=society.memory,
        observation_limit=society.observation_limit,
        forward_limit=society.forward_limit,
        reply=reply,
        vectors=vectors,
    )
