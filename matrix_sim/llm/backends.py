"""From the models of a config to who answers which role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pydantic import SecretStr

from matrix_sim.config import ModelConfig, ModelsConfig
from matrix_sim.llm.contracts import Endpoint, Gate, Role
from matrix_sim.llm.gates import OpenGate
from matrix_sim.llm.lanes import Lane
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
    key = secrets.get(model.key_name)
    return key.get_secret_value() if key is not None else ""


class _OwnEndpoint(Endpoint, Protocol):
    async def close(self) -> None: ...


GateOf = Callable[[ModelConfig, str], Gate]
"""From a model and one of its addresses to what is between them and their callers."""


def open_gates(model: ModelConfig, address: str) -> Gate:
    """Nothing between an endpoint and its callers."""
    return OpenGate()


class Backends:
    """The endpoints of one process; roles with the same model share them, and their connections."""

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
        gate_of: GateOf = open_gates,
    ) -> None:
        """`share` is how many processes split the slots of a stub between them.

        `roles` are those that will ask: all of a simulation without it. `components` is the length
        of the vectors that people were grouped by. `gate_of` is asked once for each endpoint.
        """
        self._secrets = secrets
        self._prompts = prompts
        self._seed = seed
        self._share = share
        self._components = components
        self._gate_of = gate_of
        self._chats: list[tuple[ModelConfig, tuple[Lane, ...]]] = []
        self._open: list[_OwnEndpoint] = []
        self.of_role: dict[Role, Retrying] = {}
        for role in society_roles(models) if roles is None else roles:
            model = model_of(models, role)
            lanes = self._vectors(model) if role is Role.EMBEDDING else self._chat(model)
            self.of_role[role] = Retrying(
                lanes,
                model.retry,
                sleep=asyncio.sleep,
                random=named_random(seed, "back-off", role.value),
            )

    @property
    def stubs(self) -> tuple[StubEndpoint, ...]:
        """The endpoints that are stubs, for their counters."""
        return tuple(e for e in self._open if isinstance(e, StubEndpoint))

    async def close(self) -> None:
        """Close the connections; a process that ends need not."""
        for endpoint in self._open:
            await endpoint.close()

    def _chat(self, model: ModelConfig) -> tuple[Lane, ...]:
        lanes = next((lanes for known, lanes in self._chats if known == model), None)
        if lanes is None:
            lanes = tuple(self._lane(model, address) for address in model.base_urls or ("",))
            self._chats.append((model, lanes))
        return lanes

    def _lane(self, model: ModelConfig, address: str) -> Lane:
        gate = self._gate_of(model, address)
        endpoint = self._endpoint(model, address, gate)
        self._open.append(endpoint)
        return Lane(address or "stub", endpoint, gate)

    def _endpoint(self, model: ModelConfig, address: str, gate: Gate) -> _OwnEndpoint:
        if model.stub is not None:
            slots = max(1, model.stub.slots // self._share)
            stub = model.stub.model_copy(update={"slots": slots})
            return StubEndpoint(stub, seed=self._seed, language=self._prompts.sources.language)
        # The client is heavy to import; a run on the stub does without.
        from matrix_sim.llm.openai_endpoint import OpenAIEndpoint

        return OpenAIEndpoint(
            model,
            address,
            api_key=key_of(model, self._secrets),
            json_instruction=lambda schema: self._prompts.text_of(
                "json_instruction", schema=schema
            ),
            on_headers=gate.saw,
        )

    def _vectors(self, model: ModelConfig) -> tuple[Lane, ...]:
        from matrix_sim.llm.embedding_endpoint import embedding_endpoint, stub_embedding_endpoint

        if model.stub is not None:
            return (Lane("stub", stub_embedding_endpoint(), OpenGate()),)
        address = model.base_urls[0]
        gate = self._gate_of(model, address)
        key = key_of(model, self._secrets)
        endpoint = embedding_endpoint(model, key, self._components, gate.saw)
        return (Lane(address, endpoint, gate),)
