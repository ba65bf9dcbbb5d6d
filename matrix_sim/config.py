"""The configuration of a run: what the data is, apart from how it is made.

`society_identity` names everything that decides what happens (S1); `runtime`, `budget`, base
URLs, keys, limits and prices may change between two starts of the same run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Language = Literal["ja"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonasConfig(_Section):
    """Where the personas come from."""

    source: Literal["nemotron", "builtin"] = "builtin"
    """`nemotron`: a file or folder in the schema of nvidia/Nemotron-Personas-Japan;
    `builtin`: the small hand-written set in the package."""
    path: Path | None = None
    """CSV, JSONL or Parquet file, or a folder of such; relative to the config file."""
    count: Annotated[int, Field(ge=1)] | None = None
    """How many, chosen by the seed; all if absent."""

    @model_validator(mode="after")
    def _path_belongs_to_a_file_source(self) -> PersonasConfig:
        if self.source == "builtin" and self.path is not None:
            raise ValueError("source 'builtin' takes no path; say 'source: nemotron' to read a file")
        if self.source != "builtin" and self.path is None:
            raise ValueError(f"source '{self.source}' needs a path")
        return self


class GroupSizeConfig(_Section):
    """Bounds of constrained K-means."""

    min: Annotated[int, Field(ge=1)] = 1
    max: Annotated[int, Field(ge=1)] = 10
    mean: Annotated[float, Field(ge=1)] = 5

    @model_validator(mode="after")
    def _ordered(self) -> GroupSizeConfig:
        if not self.min <= self.mean <= self.max:
            raise ValueError(f"needs min <= mean <= max, has {self.min}, {self.mean:g}, {self.max}")
        return self


class MemoryConfig(_Section):
    """How much an agent remembers word by word."""

    tokens: Annotated[int, Field(ge=200)] = 1600
    """Above this (estimated tokens) the oldest block is condensed."""
    block_tokens: Annotated[int, Field(ge=100)] = 800
    """How much is condensed at once."""

    @model_validator(mode="after")
    def _block_fits(self) -> MemoryConfig:
        if self.block_tokens > self.tokens:
            raise ValueError("block_tokens must not exceed tokens")
        return self


class SocietyConfig(_Section):
    """The society: all of it is part of the run's identity."""

    group_size: GroupSizeConfig = GroupSizeConfig()
    neighbours: Annotated[int, Field(ge=0)] = 8
    """Most similar groups that a group may send to."""
    weak_ties: Annotated[int, Field(ge=0)] = 2
    """Further groups, by lot."""
    scenario_window: Annotated[int, Field(ge=1)] = 3
    """Ticks of a window; also how much later an envelope is routed."""
    min_actions: Annotated[int, Field(ge=1)] = 2
    """Actions that make a window a scenario."""
    scenarios: Annotated[int, Field(ge=1)] | None = None
    """Quota of scenarios; or `ticks`."""
    ticks: Annotated[int, Field(ge=1)] | None = None
    """Horizon in ticks; or `scenarios`."""
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
    persona_characters: Annotated[int, Field(ge=200)] = 2400
    """How much of a persona's text a prompt holds."""
    action_characters: Annotated[int, Field(ge=40)] = 400
    """How much of an action is kept."""

    @model_validator(mode="after")
    def _one_horizon(self) -> SocietyConfig:
        if (self.scenarios is None) == (self.ticks is None):
            raise ValueError("needs either 'scenarios' (a quota) or 'ticks' (a horizon)")
        return self


class RetryConfig(_Section):
    """Patience with an endpoint that does not answer."""

    attempts: Annotated[int, Field(ge=1)] = 6
    first_wait_s: Annotated[float, Field(ge=0)] = 1.0
    max_wait_s: Annotated[float, Field(ge=0)] = 30.0


class StubConfig(_Section):
    """The embedded stub: a deterministic endpoint for tests, demos and scaling."""

    latency: str = "fixed:0"
    """`fixed:SECONDS` or `lognormal:MEAN:SIGMA`."""
    slots: Annotated[int, Field(ge=1)] = 64
    """Requests served at once, per LLM actor's share."""
    faults: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """Rates by name: rate_limited, server, timeout, disconnect, truncated, malformed, empty, refused."""


class SamplingConfig(_Section):
    """Sampling parameters: part of the identity of every request."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None


class ModelConfig(_Section):
    """An endpoint and a model for a role; or the stub; or, for `embedding`, the local method."""

    base_url: str | None = None
    model: str | None = None
    api_key_env: str | None = None
    """Name of the environment variable that holds the key."""
    structured: Literal["auto", "schema", "json", "prompt"] = "auto"
    """How structured replies are asked for; `auto` tries schema first and falls back."""
    sampling: SamplingConfig = SamplingConfig()
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Sent along as it is, e.g. `{chat_template_kwargs: {enable_thinking: false}}`."""
    max_tokens: Annotated[int, Field(ge=64)] = 1024
    """Room for a reply, its thinking included."""
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    retry: RetryConfig = RetryConfig()
    stub: StubConfig | None = None
    local: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> ModelConfig:
        ways = [self.base_url is not None, self.stub is not None, self.local]
        if sum(ways) != 1:
            raise ValueError("needs exactly one of 'base_url' (with 'model'), 'stub' or, for embeddings, 'local: true'")
        if self.base_url is not None and not self.model:
            raise ValueError("'base_url' needs 'model', the name that the endpoint knows it by")
        return self


class ModelsConfig(_Section):
    """Which model plays which role; a role without an entry takes `default`."""

    default: ModelConfig
    agent: ModelConfig | None = None
    modulator: ModelConfig | None = None
    embedding: ModelConfig = ModelConfig(local=True)

    @model_validator(mode="after")
    def _local_is_for_embeddings(self) -> ModelsConfig:
        for role in ("default", "agent", "modulator"):
            model = getattr(self, role)
            if model is not None and model.local:
                raise ValueError(f"'{role}': 'local: true' is for 'embedding' only; give 'base_url' and 'model'")
        return self


class RuntimeConfig(_Section):
    """How the run is made; never part of its identity."""

    placement: Literal["auto", "spread", "packed"] = "auto"
    groups_per_host: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    llm_actors: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    max_in_flight: Annotated[int, Field(ge=1)] = 64
    """Requests under way at once, over all LLM actors."""
    tick_attempts: Annotated[int, Field(ge=1)] = 3
    """How many processes one tick may lose before the run ends with its address."""


class RunConfig(_Section):
    """One run of matrix-sim."""

    name: str = "run"
    seed: int = 0
    language: Language = "ja"
    personas: PersonasConfig = PersonasConfig()
    society: SocietyConfig
    models: ModelsConfig
    prompts: Path | None = None
    """A folder with templates of one's own; what it does not hold comes from the package."""
    runtime: RuntimeConfig = RuntimeConfig()
    secrets: dict[str, SecretStr] = Field(default_factory=dict, exclude=True, repr=False)
    """Values of the `api_key_env` variables; filled by the loader, never read from a file, never written."""
