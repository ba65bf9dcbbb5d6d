"""The configuration of a run: what the data is, apart from how it is made.

`society_identity` names everything that decides what happens (S1); `runtime`, `budget`, base
URLs, keys, limits and prices may change between two starts of the same run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.faults import FaultPlan
from matrix_sim.llm.stub.latency import parse_latency

Language = Literal["ja"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """YAML reads `on` and `yes` as true, which pydantic would take for 1."""
        if isinstance(value, bool) and info.field_name is not None:
            annotation = cls.model_fields[info.field_name].annotation
            if annotation is not bool and bool not in get_args(annotation):
                raise PydanticCustomError("no_number", "true or false where something else belongs")
        return value


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
            raise ValueError(
                "source 'builtin' takes no path; say 'source: nemotron' to read a file"
            )
        if self.source != "builtin" and self.path is None:
            raise ValueError(f"source '{self.source}' needs a path")
        return self


class GroupSizeConfig(_Section):
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


class MemoryConfig(_Section):
    """How much an agent remembers word by word."""

    tokens: Annotated[int, Field(ge=200)] = 2400
    """Above this (estimated tokens) the oldest block is condensed."""
    block_tokens: Annotated[int, Field(ge=100)] = 1600
    """How much is condensed at once."""

    @model_validator(mode="after")
    def _block_fits(self) -> MemoryConfig:
        if self.block_tokens > self.tokens:
            raise ValueError("block_tokens must not exceed tokens")
        return self


class SocietyConfig(_Section):
    """The society: all of it is part of the run's identity."""

    group_size: GroupSizeConfig = GroupSizeConfig()
    """How many people make a group."""
    neighbours: Annotated[int, Field(ge=0)] = 8
    """Most similar groups that a group may send to."""
    weak_ties: Annotated[int, Field(ge=0)] = 2
    """Further groups, by lot."""
    scenario_window: Annotated[int, Field(ge=1)] = 3
    """Ticks of a window; also how much later an envelope is routed."""
    communication: Literal["homophily"] = "homophily"
    """How people come into groups: similar ones together."""
    routing: Literal["llm"] = "llm"
    """Who decides what becomes known to whom: the modulator's model, in one call a tick."""
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


class RetryConfig(_Section):
    """Patience with an endpoint that does not answer."""

    attempts: Annotated[int, Field(ge=1)] = 6
    """How often a request is sent, the first time included, before the run ends; it can go on."""
    first_wait_s: Annotated[float, Field(ge=0)] = 1.0
    """The wait before the second sending is drawn from 0 to this, in seconds; it doubles each time.
    What the endpoint asks for (Retry-After) comes on top; above 600 s the run ends instead."""
    max_wait_s: Annotated[float, Field(ge=0)] = 30.0
    """Where the doubling ends, in seconds."""


class StubConfig(_Section):
    """The embedded stub: a deterministic endpoint for tests, demos and scaling."""

    latency: str = "fixed:0"
    """`fixed:SECONDS` or `lognormal:MEAN:SIGMA`."""
    slots: Annotated[int, Field(ge=1)] = 64
    """Requests served at once; the LLM actors share them out."""
    faults: dict[str, Annotated[float, Field(ge=0, le=1, strict=True)]] = Field(
        default_factory=dict
    )
    """Rates from 0 to 1 by name. No reply comes: `rate_limited`, `server`, `timeout`, `disconnect`.
    The reply is spoilt: `truncated`, `malformed`, `empty`, `refused`."""
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


class SamplingConfig(_Section):
    """Sampling parameters: part of the identity of every request."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Sent where it is set; otherwise the endpoint's own holds."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Likewise."""
    seed: int | None = None
    """The endpoint's seed, not the run's; sent where it is set."""


class ModelConfig(_Section):
    """An endpoint and a model for a role; or the stub; or, for `embedding`, the local method."""

    base_url: str | None = None
    """Address of an OpenAI-compatible API with its path, such as `http://127.0.0.1:8000/v1`."""
    model: str | None = None
    """The name that the endpoint knows the model by."""
    api_key_env: str | None = Field(
        default=None,
        pattern="^[A-Z_][A-Z0-9_]*$",
        repr=False,
        description="the name of an environment variable, such as OPENAI_API_KEY, and not the key",
    )
    """Name of the environment variable that holds the key. Small letters are refused, and it is
    never shown, because people put the key itself here."""
    structured: Literal["auto", "schema", "json", "prompt"] = "auto"
    """How structured replies are asked for; `auto` tries schema first and falls back."""
    sampling: SamplingConfig = SamplingConfig()
    """Temperature and the like."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Sent along as it is, e.g. `{chat_template_kwargs: {enable_thinking: false}}`."""
    max_tokens: Annotated[int, Field(ge=64)] = 1024
    """Room for a reply, its thinking included."""
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    """How long one sending of a request may take in all, in seconds."""
    retry: RetryConfig = RetryConfig()
    """Patience with an endpoint that does not answer."""
    stub: StubConfig | None = None
    """The embedded stub in place of an endpoint; `{}` takes its defaults."""
    local: bool = False
    """Vectors from character n-grams, computed here without a model; for `embedding` only."""

    @field_validator("base_url")
    @classmethod
    def _reachable_and_without_a_secret(cls, base_url: str | None) -> str | None:
        if base_url is None:
            return None
        try:
            url = urlsplit(base_url)
        except ValueError:
            raise ValueError("is not an address; write http://HOST:PORT/v1") from None
        if url.username is not None or url.password is not None:
            raise ValueError("must not hold a user or a password; use api_key_env for the key")
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"'{base_url}' is not an address; write http://HOST:PORT/v1")
        if url.query or url.fragment:
            raise ValueError("must end with its path, without '?' or '#'")
        return base_url

    @model_validator(mode="after")
    def _one_way(self) -> ModelConfig:
        ways = [self.base_url is not None, self.stub is not None, self.local]
        if sum(ways) != 1:
            raise ValueError(
                "needs exactly one of 'base_url' (with 'model'), 'stub' or, for embeddings, "
                "'local: true'"
            )
        if self.base_url is not None and not self.model:
            raise ValueError("'base_url' needs 'model', the name that the endpoint knows it by")
        return self


class ModelsConfig(_Section):
    """Which model plays which role; a role without an entry takes `default`."""

    default: ModelConfig
    """Plays `agent` and `modulator` where they have no entry of their own."""
    agent: ModelConfig | None = None
    """Finds goals, acts, condenses memories."""
    modulator: ModelConfig | None = None
    """Routes what was done, summarises scenarios."""
    embedding: ModelConfig = ModelConfig(local=True)
    """Gives the vectors that people are grouped by; never `default`."""

    @model_validator(mode="after")
    def _local_is_for_embeddings(self) -> ModelsConfig:
        for role in ("default", "agent", "modulator"):
            model = getattr(self, role)
            if model is not None and model.local:
                raise ValueError(
                    f"'{role}': 'local: true' is for 'embedding' only; give 'base_url' and 'model'"
                )
        return self


class BackupConfig(_Section):
    """Copies of the run's store at another place while it goes on."""

    path: Path
    """The file to copy to, absolute; replaced as a whole each time."""
    every_s: Annotated[float, Field(ge=1)] = 600.0
    """Seconds between two copies."""


class RuntimeConfig(_Section):
    """How the run is made; never part of its identity."""

    placement: Literal["auto", "spread", "packed"] = "auto"
    """`spread`: every agent and modulator is a process of its own; `packed`: processes with whole
    groups in them; `auto`: spread while the cluster has room, and it says which and why."""
    groups_per_host: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Groups in one process when packed; `auto`: about one process a CPU."""
    llm_actors: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Processes that talk to the endpoints; `auto`: one a node."""
    max_in_flight: Annotated[int, Field(ge=1)] = 64
    """Requests under way at once, over all LLM actors."""
    tick_attempts: Annotated[int, Field(ge=1)] = 3
    """How many processes one tick may lose before the run ends with its address."""
    backup: BackupConfig | None = None
    """Where to keep a copy of the store, if anywhere."""


class RunConfig(_Section):
    """One run of matrix-sim."""

    name: str = "run"
    """For people; nothing depends on it."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Decides every draw: who is chosen, the grouping, the weak ties, what the stub says."""
    language: Language = "ja"
    """Of the prompts, and so of what the people do."""
    personas: PersonasConfig = PersonasConfig()
    """Who lives in the society."""
    society: SocietyConfig = Field(
        description="a mapping with at least 'scenarios: N' (a quota) or 'ticks: N' (a horizon)"
    )
    """How they live together, and for how long."""
    models: ModelsConfig = Field(
        description="a mapping with 'default: {base_url: ..., model: ...}', unless OPENAI_BASE_URL "
        "and OPENAI_MODEL_NAME are set in the environment"
    )
    """Who speaks for them. May be left out where OPENAI_BASE_URL and OPENAI_MODEL_NAME are set."""
    prompts: Path | None = None
    """A folder with templates of one's own; what it does not hold comes from the package."""
    runtime: RuntimeConfig = RuntimeConfig()
    """How the run is made; may change whenever it is started."""
    secrets: dict[str, SecretStr] = Field(default_factory=dict, exclude=True, repr=False)
    """Values of the `api_key_env` variables; from the environment, never in a file."""
