"""Which model plays which role, and how it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from matrix_sim.config.endpoint import (
    LimitsConfig,
    LlamaConfig,
    PriceConfig,
    ReasoningConfig,
    RetryConfig,
)
from matrix_sim.config.section import Section
from matrix_sim.config.stub import StubConfig
from matrix_sim.llm.presets import effective_extra_body, refusal


class SamplingConfig(Section):
    """Sampling parameters: part of the identity of every request."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Sent where it is set; otherwise the endpoint's own holds."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Likewise."""
    seed: int | None = None
    """The endpoint's seed, not the run's; sent where it is set."""


_OWN_FIELDS = {
    "model": "give 'models.ROLE.model'",
    "messages": "they are the prompts; 'prompts' names a folder with your own",
    "max_tokens": "give 'models.ROLE.max_tokens'",
    "max_completion_tokens": "give 'models.ROLE.max_tokens'; which name is wanted is found out",
    "response_format": "give 'models.ROLE.structured'",
    "stream": "give 'models.ROLE.stream'",
    "stream_options": "give 'models.ROLE.stream'",
    "n": "one reply is read, and all would be paid for",
}
"""What `extra_body` would break or make dearer, and what there is in its place."""

Preset = Literal["qwen3", "gpt-oss", "deepseek-r1", "llama-3", "gemma"]
"""Model families whose ways are known (`matrix_sim.llm.presets`)."""


class ModelConfig(Section):
    """An endpoint and a model for a role; or a model file; or the stub; or the local method."""

    base_url: str | tuple[str, ...] | None = None
    """Address of an OpenAI-compatible API with its path, such as `http://127.0.0.1:8000/v1`; or a
    list of addresses that serve the same model."""
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
    api_key_file: Path | None = None
    """File that holds the key and nothing else, in place of `api_key_env`. A relative path starts
    from the folder of the config."""
    preset: Preset | None = None
    """The model's family: how its thinking is switched, and where it stands in replies."""
    structured: Literal["auto", "schema", "json", "prompt"] = "auto"
    """How structured replies are asked for; `auto` tries schema first and falls back."""
    sampling: SamplingConfig = SamplingConfig()
    """Temperature and the like."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Sent along as it is, e.g. `{chat_template_kwargs: {enable_thinking: false}}`; wins over what
    `preset` adds."""
    reasoning: ReasoningConfig = ReasoningConfig()
    """How it thinks before it replies."""
    max_tokens: Annotated[int, Field(ge=64)] = 1024
    """Room for a reply, its thinking included."""
    max_tokens_limit: Annotated[int, Field(ge=64)] | None = None
    """A reply that was cut off is asked for again with twice the room, up to this; unset: twice
    `max_tokens`."""
    stream: bool = False
    """Whether replies come in pieces as they are made, so that long thinking passes through proxies
    and a dead connection is noticed by `idle_timeout_s`."""
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    """How long one sending of a request may take in all, in seconds."""
    idle_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """With `stream`: how long nothing may come, in seconds, once the first piece is there."""
    retry: RetryConfig = RetryConfig()
    """Patience with an endpoint that does not answer."""
    limits: LimitsConfig = LimitsConfig()
    """What the endpoint allows."""
    price: PriceConfig | None = None
    """What tokens cost; asked for by `budget.max_cost`, and never guessed."""
    stub: StubConfig | None = None
    """The embedded stub in place of an endpoint; `{}` takes its defaults."""
    gguf: Path | None = None
    """A model file for llama.cpp, served inside an LLM actor (extra `local`). A relative path
    starts from the folder of the config."""
    llama: LlamaConfig = LlamaConfig()
    """How a `gguf` file is served."""
    local: bool = False
    """Vectors from character n-grams, computed here without a model; for `embedding` only."""

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The addresses that serve the model; none of the stub, a file or the local method."""
        given = self.base_url
        return () if given is None else (given,) if isinstance(given, str) else given

    @property
    def label(self) -> str:
        """What the model goes by: the endpoint's name for it, or its file without the folder."""
        return f"gguf:{self.gguf.name}" if self.gguf is not None else self.model or ""

    @property
    def key_name(self) -> str:
        """Under which name `RunConfig.secrets` holds the key; empty where there is none."""
        if self.api_key_file is not None:
            return key_file_name(self.api_key_file)
        return self.api_key_env or ""

    @property
    def effective_extra_body(self) -> dict[str, Any]:
        """`extra_body` over what `preset` and `reasoning` add to the body."""
        reasoning = self.reasoning
        return effective_extra_body(
            self.extra_body, self.preset, reasoning.enabled, in_context=reasoning.in_context
        )

    @property
    def largest_reply(self) -> int:
        """Tokens that a reply may have when one that was cut off is asked for again."""
        return max(self.max_tokens, self.max_tokens_limit or 2 * self.max_tokens)

    @field_validator("base_url")
    @classmethod
    def _reachable_and_without_a_secret(
        cls, base_url: str | tuple[str, ...] | None
    ) -> str | tuple[str, ...] | None:
        if isinstance(base_url, tuple):
            if not base_url:
                raise ValueError("is an empty list; give at least one address")
            if len({one.rstrip("/") for one in base_url}) < len(base_url):
                raise ValueError("lists an address twice")
        for one in base_url if isinstance(base_url, tuple) else (base_url,):
            _demand_address(one)
        return base_url

    @field_validator("extra_body")
    @classmethod
    def _leaves_to_the_program_what_is_its_own(cls, extra_body: dict[str, Any]) -> dict[str, Any]:
        for key, instead in _OWN_FIELDS.items():
            if key in extra_body:
                raise ValueError(f"must not hold '{key}': {instead}")
        return extra_body

    @model_validator(mode="after")
    def _can_be_told(self) -> ModelConfig:
        said = refusal(self.preset, self.reasoning.enabled)
        if said:
            enabled = str(self.reasoning.enabled).lower()
            raise ValueError(f"'reasoning.enabled: {enabled}' cannot be had: {said}")
        return self

    @model_validator(mode="after")
    def _one_way(self) -> ModelConfig:
        ways = [
            self.base_url is not None,
            self.stub is not None,
            self.gguf is not None,
            self.local,
        ]
        if sum(ways) != 1:
            raise ValueError(
                "needs exactly one of 'base_url' (with 'model'), 'gguf', 'stub' or, for "
                "embeddings, 'local: true'"
            )
        if self.gguf is not None and self.model is not None:
            raise ValueError("'gguf' takes no 'model': the file is the model")
        if self.gguf is None and self.llama != LlamaConfig():
            raise ValueError("'llama' says how a 'gguf' file is served, and there is none")
        if self.base_url is not None and not self.model:
            raise ValueError("'base_url' needs 'model', the name that the endpoint knows it by")
        if self.api_key_env is not None and self.api_key_file is not None:
            raise ValueError("give 'api_key_env' or 'api_key_file', not both")
        if self.max_tokens_limit is not None and self.max_tokens_limit < self.max_tokens:
            raise ValueError(
                f"'max_tokens_limit' ({self.max_tokens_limit}) is below 'max_tokens' "
                f"({self.max_tokens})"
            )
        return self


def key_file_name(path: Path) -> str:
    """Under which name `RunConfig.secrets` holds the key of a file."""
    return f"file:{path}"


_ADDED_PATHS = ("/chat/completions", "/completions", "/embeddings", "/models")
"""What some services show as their address, where it is that of one interface."""


def _demand_address(base_url: str | None) -> None:
    if base_url is None:
        return
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
    for added in _ADDED_PATHS:
        if url.path.rstrip("/").endswith(added):
            raise ValueError(f"must end before '{added}', which is added to it; most end in /v1")


class ModelsConfig(Section):
    """Which model plays which role; a role without an entry takes `default`."""

    default: ModelConfig
    """Plays every role that has no entry of its own, but for `rejected` and `embedding`."""
    agent: ModelConfig | None = None
    """Finds goals, acts, condenses memories."""
    modulator: ModelConfig | None = None
    """Routes what was done, summarises scenarios."""
    anonymiser: ModelConfig | None = None
    """Looks for personal data in profiles, with `personas.anonymise: llm`."""
    instructor: ModelConfig | None = None
    """Writes what people ask an assistant, and what they want of a dialogue."""
    responder: ModelConfig | None = None
    """Answers as that assistant; the better answer of a preference too."""
    reasoner: ModelConfig | None = None
    """Answers in its place where thinking is part of the data."""
    rejected: ModelConfig | None = None
    """Gives the worse answers of `dpo`: a weaker model, the model that is to be tuned, or the same
    with a high `sampling.temperature`. Never `default`."""
    user: ModelConfig | None = None
    """Plays the user of a dialogue."""
    judge: ModelConfig | None = None
    """Scores pairs of answers, and rows with `quality.judge`."""
    embedding: ModelConfig = ModelConfig(local=True)
    """Gives the vectors that people are grouped by and scenarios are found by; never `default`."""

    @model_validator(mode="after")
    def _stub_gives_vectors_plainly(self) -> ModelsConfig:
        stub = self.embedding.stub
        if stub is not None and (stub.faults or stub.reasoning):
            raise ValueError(
                "'embedding': the stub gives vectors without 'faults' and without 'reasoning'; "
                "leave them out"
            )
        return self

    @model_validator(mode="after")
    def _an_endpoint_has_one_set_of_limits(self) -> ModelsConfig:
        # They hold for all roles together, so two answers to what they are would be none.
        first: dict[tuple[str, ...], str] = {}
        for role in ModelsConfig.model_fields:
            model: ModelConfig = getattr(self, role) or self.default
            for url in model.base_urls:
                other = first.setdefault((url, model.label, model.key_name), role)
                if getattr(self, other).limits != model.limits:
                    raise ValueError(
                        f"'{role}': 'limits' differ from those of '{other}', and both ask "
                        f"{model.label} at {url}; give both the same"
                    )
        return self

    @model_validator(mode="after")
    def _local_is_for_embeddings(self) -> ModelsConfig:
        for role in ModelsConfig.model_fields:
            if role == "embedding":
                continue
            model = getattr(self, role)
            if model is not None and model.local:
                raise ValueError(
                    f"'{role}': 'local: true' is for 'embedding' only; give 'base_url' and 'model'"
                )
        return self
