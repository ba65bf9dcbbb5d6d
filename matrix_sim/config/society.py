"""How the people of a run live together: all of it is part of the run's identity (S1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from matrix_sim.config.section import Section

RoutingPolicy = Literal["llm", "embedding", "hybrid", "broadcast"]


class GroupSizeConfig(Section):
    """Bounds of constrained K-means."""

    min: Annotated[int, Field(ge=1)] = 1
    """Members of a group, at least."""
    max: Annotated[int, Field(ge=1)] = 10
    """Members of a group, at most."""
    mean: Annotated[float, Field(ge=1)] = 5
    """Members of a group on average: decides how many groups there are."""

    @model_validator(mode="after")
    def _ordered(self) -> GroupSizeConfig:
        if not self.min <= self.mean <= self.max:
            raise ValueError(f"needs min <= mean <= max, has {self.min}, {self.mean:g}, {self.max}")
        return self


class MemoryConfig(Section):
    """How much an agent remembers word by word."""

    tokens: Annotated[int, Field(ge=200)] = 2400
    """Above this (estimated tokens) the oldest block is condensed."""
    block_tokens: Annotated[int, Field(ge=100)] = 1600
    """How much is condensed at once."""
    recall: Annotated[int, Field(ge=0)] = 3
    """Condensed things that come back word by word where they bear on what is new; 0 for none."""
    archive: Annotated[int, Field(ge=0)] = 128
    """Condensed things that are kept for that, the newest."""

    @model_validator(mode="after")
    def _block_fits(self) -> MemoryConfig:
        if self.block_tokens > self.tokens:
            raise ValueError("block_tokens must not exceed tokens")
        return self


class SimilarityConfig(Section):
    """When texts count as alike, for routing without a model: cosines from 0 to 1."""

    floor: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Below it, an action does not reach a member or a group."""
    outward: Annotated[float, Field(ge=0, le=1)] = 0.2
    """With `embedding`: from it on, an action goes out to another group."""
    sure: Annotated[float, Field(ge=0, le=1)] = 0.3
    """With `hybrid`: from it on, an action reaches whom it is like without a question to the model;
    between `floor` and it, the model decides."""
    aware: Annotated[int, Field(ge=1)] = 2
    """Members that one action reaches at most on the word of similarity, the most similar first."""

    @model_validator(mode="after")
    def _ordered(self) -> SimilarityConfig:
        if self.floor > min(self.outward, self.sure):
            raise ValueError(
                f"needs floor <= outward and floor <= sure, has {self.floor:g}, "
                f"{self.outward:g} and {self.sure:g}"
            )
        return self


class SocietyConfig(Section):
    """The society: all of it is part of the run's identity."""

    group_size: GroupSizeConfig = GroupSizeConfig()
    """How many people make a group."""
    neighbours: Annotated[int, Field(ge=0)] = 8
    """Most similar groups that a group may send to."""
    weak_ties: Annotated[int, Field(ge=0)] = 2
    """Further groups, by lot."""
    scenario_window: Annotated[int, Field(ge=1)] = 3
    """Ticks of a window; also how much later an envelope is routed."""
    communication: Literal["homophily", "random", "none"] = "homophily"
    """How people come into groups: similar ones together, by lot, or everybody alone."""
    routing: RoutingPolicy = "llm"
    """Who decides what becomes known to whom: the modulator's model, in one call a tick;
    similarity, without a call; similarity where it is sure and the model where it is not; or
    nobody, and everything becomes known to the whole group."""
    similarity: SimilarityConfig = SimilarityConfig()
    """For `embedding` and `hybrid`: how similar is similar enough."""
    min_actions: Annotated[int, Field(ge=1)] = 2
    """Actions that make a window a scenario."""
    scenarios: Annotated[int, Field(ge=1)] | None = None
    """Quota of scenarios; or `ticks`."""
    ticks: Annotated[int, Field(ge=0)] | None = None
    """Horizon in ticks; or `scenarios`. With 0 nobody does anything: for data sets that grow from
    people alone (`ground: persona`)."""
    max_windows: Annotated[int, Field(ge=1)] = 1000
    """Where a quota gives up."""
    max_reactions: Annotated[int, Field(ge=0)] = 2
    """Reactions in a row before the plan has its turn."""
    inbox_limit: Annotated[int, Field(ge=1)] = 12
    """Envelopes that a group takes a tick."""
    observation_limit: Annotated[int, Field(ge=1)] = 6
    """Actions that an agent observes a tick."""
    forward_limit: Annotated[int, Field(ge=0)] = 2
    """Neighbours that one action goes out to."""
    memory: MemoryConfig = MemoryConfig()
    """How much an agent remembers word by word."""
    persona_characters: Annotated[int, Field(ge=200)] = 2400
    """How much of a persona's text a prompt holds."""
    action_characters: Annotated[int, Field(ge=40)] = 400
    """How much of an action is kept."""

    @model_validator(mode="after")
    def _one_horizon(self) -> SocietyConfig:
        if (self.scenarios is None) == (self.ticks is None):
            raise ValueError("needs either 'scenarios' (a quota) or 'ticks' (a horizon)")
        return self
