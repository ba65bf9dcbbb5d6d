"""From the models of a config to who answers which role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

from matrix_sim.config import ModelConfig, ModelsConfig
from matrix_sim.config.roles import model_of as model_of
from matrix_sim.config.roles import society_roles as society_roles
from matrix_sim.llm.contracts import Gate, Role
from matrix_sim.llm.file_endpoint import FileEndpoint, OwnEndpoint
from matrix_sim.llm.lanes import Lane
from matrix_sim.llm.open_gate import OpenGate
from matrix_sim.llm.retrying import Retrying
from matrix_sim.llm.stub.endpoint import StubEndpoint
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.randomness import named_random

if TYPE_CHECKING:
    from matrix_sim.llm.local_server import LocalServers


def key_of(model: ModelConfig, secrets: Mapping[str, SecretStr]) -> str:
    """The key of a model's endpoint; empty for one that asks for none."""
    key = secrets.get(model.key_name)
    return key.get_secret_value() if key is not None else ""


GateOf = Callable[[ModelConfig, str], Gate]
"""From a model and one of its addresses (of a model file: its label; each process serves it anew)
to what is between them and their callers."""


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
        self._open: list[OwnEndpoint] = []
        self._local: LocalServers | None = None
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

    def load(self) -> None:
        """Load the models that are files, which their first request would do otherwise.

        Raises:
            UsageError, RunFailure: as `LocalServer`.
        """
        for endpoint in self._open:
            if isinstance(endpoint, FileEndpoint):
                endpoint.load()

    async def close(self) -> None:
        """Close the connections, stop local servers; a process that ends need not."""
        for endpoint in self._open:
            await endpoint.close()
        if self._local is not None:
            self._local.close()

    def _chat(self, model: ModelConfig) -> tuple[Lane, ...]:
        lanes = next((lanes for known, lanes in self._chats if known == model), None)
        if lanes is None:
            addresses = model.base_urls or (model.label or "stub",)
            lanes = tuple(self._lane(model, address) for address in addresses)
            self._chats.append((model, lanes))
        return lanes

    def _lane(self, model: ModelConfig, address: str) -> Lane:
        gate = self._gate_of(model, address)
        endpoint = self._endpoint(model, address, gate)
        self._open.append(endpoint)
        return Lane(address or "stub", endpoint, gate)

    def _endpoint(self, model: ModelConfig, address: str, gate: Gate) -> OwnEndpoint:
        if model.stub is not None:
            slots = max(1, model.stub.slots // self._share)
            stub = model.stub.model_copy(update={"slots": slots})
            return StubEndpoint(stub, seed=self._seed, language=self._prompts.sources.language)
        # The client is heavy to import; a run on the stub does without.
        from matrix_sim.llm.openai_endpoint import OpenAIEndpoint
        from matrix_sim.llm.wire import identity

        thinking = self._thinking_instruction(model)

        def client(model: ModelConfig, address: str, key: str) -> OpenAIEndpoint:
            return OpenAIEndpoint(
                model,
                address,
                api_key=key,
                json_instruction=lambda schema: self._prompts.text_of(
                    "json_instruction", schema=schema
                ),
                thinking_instruction=thinking,
                on_headers=gate.saw,
            )

        if model.gguf is None:
            return client(model, address, key_of(model, self._secrets))

        def start() -> OpenAIEndpoint:
            served, key = self._servers().for_model(model, vectors=False)
            return client(served, served.base_urls[0], key)

        return FileEndpoint(identity(model, thinking), start)

    def _thinking_instruction(self, model: ModelConfig) -> str:
        language = model.reasoning.language
        return "" if language == "any" else self._prompts.thinking_instruction(language)

    def _vectors(self, model: ModelConfig) -> tuple[Lane, ...]:
        from matrix_sim.llm.embedding_endpoint import (
            EmbeddingEndpoint,
            embedding_endpoint,
            embedding_identity,
            stub_embedding_endpoint,
        )

        if model.stub is not None:
            return (Lane("stub", stub_embedding_endpoint(), OpenGate()),)
        address = model.base_urls[0] if model.gguf is None else model.label
        gate = self._gate_of(model, address)

        def start() -> EmbeddingEndpoint:
            served, key = self._servers().for_model(model, vectors=True)
            return embedding_endpoint(served, key, self._components, gate.saw)

        endpoint: OwnEndpoint
        if model.gguf is None:
            key = key_of(model, self._secrets)
            endpoint = embedding_endpoint(model, key, self._components, gate.saw)
        else:
            endpoint = FileEndpoint(embedding_identity(model), start)
        self._open.append(endpoint)
        return (Lane(address, endpoint, gate),)

    def _servers(self) -> LocalServers:
        if self._local is None:
            from matrix_sim.llm.local_server import LocalServers

            self._local = LocalServers()
        return self._local
