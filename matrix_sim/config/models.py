"""Which model plays which role, and how it is asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from matrix_sim.config.section import Section
from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.faults import FaultPlan
from matrix_sim.llm.stub.latency import parse_latency


class RetryConfig(Section):
    """Patience with an endpoint that does not answer."""

    attempts: Annotated[int, Field(ge=1)] = 6
    """How often a request is sent, the first time included, before the run ends; it can go on."""
    first_wait_s: Annotated[float, Field(ge=0)] = 1.0
    """The wait before the second sending is drawn from 0 to this, in seconds; it doubles each time.
    What the endpoint asks for (Retry-After) comes on top; above 600 s the run ends instead."""
    max_wait_s: Annotated[float, Field(ge=0)] = 30.0
    """Where the doubling ends, in seconds."""


class StubConfig(Section):
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


class SamplingConfig(Section):
    """Sampling parameters: part of the identity of every request."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Sent where it is set; otherwise the endpoint's own holds."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Likewise."""
    seed: int | None = None
    """The endpoint's seed, not the run's; sent where it is set."""


class ModelConfig(Section):
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


class ModelsConfig(Section):
    """Which model plays which role; a role without an entry takes `default`."""

    default: ModelConfig
    """Plays `agent` and `modulator` where they have no entry of their own."""
    agent: ModelConfig | None = None
    """Finds goals, acts, condenses memories."""
    modulator: ModelConfig | None = None
    """Routes what was done, summarises scenarios."""
    anonymiser: ModelConfig | None = None
    """Looks for personal data in profiles, with `personas.anonymise: llm`."""
    embedding: ModelConfig = ModelConfig(local=True)
    """Gives the vectors that people are grouped by; never `default`."""

    @model_validator(mode="after")
    def _local_is_for_embeddings(self) -> ModelsConfig:
        for role in ("default", "agent", "modulator", "anonymiser"):
            model = getattr(self, role)
            if model is not None and model.local:
                raise ValueError(
                    f"'{role}': 'local: true' is for 'embedding' only; give 'base_url' and 'model'"
                )
        return self
