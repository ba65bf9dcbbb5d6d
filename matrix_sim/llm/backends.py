"""From the models of a config to who answers which role."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from pydantic import SecretStr

from matrix_sim.config import ModelConfig, ModelsConfig
from matrix_sim.llm.contracts import Endpoint, Role
from matrix_sim.llm.retrying import Retrying
from matrix_sim.llm.stub.endpoint import StubEndpoint
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.randomness import named_random

_CHAT_ROLES = (Role.AGENT, Role.MODULATOR)


def society_roles(models: ModelsConfig) -> tuple[Role, ...]:
    """The roles that a simulation may call while it runs: local embeddings are no call."""
    return _CHAT_ROLES if models.embedding.local else (*_CHAT_ROLES, Role.EMBEDDING)


def model_of(models: ModelsConfig, role: Role) -> ModelConfig:
    """The model that plays a role."""
    own: ModelConfig | None = getattr(models, role.value)
    return own or models.default


def key_of(model: ModelConfig, secrets: Mapping[str, SecretStr]) -> str:
    """The key of a model's endpoint; empty for one that asks for none."""
    key = secrets.get(model.api_key_env or "")
    return key.get_secret_value() if key is not None else ""


class _OwnEndpoint(Endpoint, Protocol):
    async def close(self) -> None: ...


class Backends:
    """The endpoints of one process; roles with the same model share one, and its connections."""

    def __init__(
        self,
        models: ModelsConfig,
        secrets: Mapping[str, SecretStr],
        prompts: PromptLibrary,
        *,
        seed: int,
        share: int = 1,
        roles: Sequence[Role] | None = None,
        components: int | None = None,
    ) -> None:
        """`share` is how many processes split the slots of a stub between them.

        `roles` are those that will ask: all of a simulation without it. `components` is the length
        of the vectors that people were grouped by.
        """
        self._endpoints: list[tuple[ModelConfig, _OwnEndpoint]] = []
        self.of_role: dict[Role, Retrying] = {}
        for role in society_roles(models) if roles is None else roles:
            model = model_of(models, role)
            endpoint: Endpoint | None
            if role is Role.EMBEDDING:
                endpoint = _embedding_endpoint(model, secrets, components)
            else:
                endpoint = next((e for m, e in self._endpoints if m == model), None)
            if endpoint is None:
                endpoint = _endpoint(model, secrets, prompts, seed, share)
                self._endpoints.append((model, endpoint))
            self.of_role[role] = Retrying(
                endpoint,
                model.retry,
                sleep=asyncio.sleep,
                random=named_random(seed, "back-off", role.value),
            )

    @property
    def stubs(self) -> tuple[StubEndpoint, ...]:
        """The endpoints that are stubs, for their counters."""
        return tuple(e for _, e in self._endpoints if isinstance(e, StubEndpoint))

    async def close(self) -> None:
        """Close the connections; a process that ends need not."""
        for _, endpoint in self._endpoints:
            await endpoint.close()


def _endpoint(
    model: ModelConfig,
    secrets: Mapping[str, SecretStr],
    prompts: PromptLibrary,
    seed: int,
    share: int,
) -> _OwnEndpoint:
    if model.stub is not None:
        stub = model.stub.model_copy(update={"slots": max(1, model.stub.slots // share)})
        return StubEndpoint(stub, seed=seed, language=prompts.sources.language)
    # The client is heavy to import; a run on the stub does without.
    from matrix_sim.llm.openai_endpoint import OpenAIEndpoint

    return OpenAIEndpoint(
        model,
        api_key=key_of(model, secrets),
        json_instruction=lambda schema: prompts.text_of("json_instruction", schema=schema),
    )


def _embedding_endpoint(
    model: ModelConfig, secrets: Mapping[str, SecretStr], components: int | None
) -> Endpoint:
    from matrix_sim.llm.embedding_endpoint import embedding_endpoint, stub_embedding_endpoint

    if model.stub is not None:
        return stub_embedding_endpoint()
    return embedding_endpoint(model, key_of(model, secrets), components)
