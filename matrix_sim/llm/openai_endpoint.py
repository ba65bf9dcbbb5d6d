"""A model behind an OpenAI-compatible API: one request out, one reply or typed failure back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Finish, Hindrance, Reply, Request
from matrix_sim.llm.dialect import dialect_of, simpler_dialect
from matrix_sim.llm.failures import complaint, failure_of, is_context_overflow
from matrix_sim.llm.stub.endpoint import MODEL as STUB_MODEL
from matrix_sim.llm.stub.wire import ADDRESS_HEADER, ATTEMPT_HEADER, SENDING_HEADER
from matrix_sim.llm.transport import Answer, Transport
from matrix_sim.llm.wire import (
    JsonInstruction,
    UnreadableReply,
    identity,
    read_reply,
    request_body,
)
from matrix_sim.text import clip

_PATH = "/chat/completions"
_BODY_SHOWN = 200


class OpenAIEndpoint:
    """An `Endpoint` over HTTP. Cancelling a `send` closes its connection.

    Args:
        config: the model.
        base_url: one of its addresses.
        api_key: "" for a server that asks for none.
        json_instruction: from a schema's text to the sentences that ask for it, for endpoints
            that know no schemas.
        wall_clock: seconds since the epoch, for endpoints that say until when to wait.
        on_headers: is told the headers of every answer.
    """

    def __init__(
        self,
        config: ModelConfig,
        base_url: str,
        *,
        api_key: str,
        json_instruction: JsonInstruction,
        wall_clock: Callable[[], float] = time.time,
        on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> None:
        self._config = config
        self._model = config.model or ""
        self._json_instruction = json_instruction
        self._wall_clock = wall_clock
        self._on_headers = on_headers
        self._transport = Transport(config, base_url, api_key=api_key)
        self._dialect = dialect_of(config.structured)
        self.identity: bytes = identity(config)
        self.replaced_characters = 0
        """Characters in replies that nothing could store, so far."""

    async def send(self, request: Request, *, sending: int) -> Reply:
        """Send once; again only where the endpoint does not know a way of asking.

        Raises:
            EnvironmentalFailure: no reply came.
        """
        headers = self._stub_headers(request, sending)
        begun = dialect = self._dialect
        while True:
            body = request_body(self._config, request, dialect, self._json_instruction)
            answer = await self._transport.post(_PATH, body, headers)
            self._on_headers(answer.headers)
            if answer.status < 300:
                if dialect is not begun:  # found here, and only now known to work
                    self._dialect = dialect
                return self._read(answer)
            if is_context_overflow(answer):
                return Reply("", "", Finish.CONTEXT_OVERFLOW, self._model)
            simpler = simpler_dialect(dialect, answer, structured=request.schema is not None)
            if simpler is None:
                raise self._failure(answer)
            dialect = simpler

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        await self._transport.close()

    def _read(self, answer: Answer) -> Reply:
        try:
            reply, replaced = read_reply(answer.body, model=self._model)
        except UnreadableReply as error:
            problem = str(error)
        else:
            self.replaced_characters += replaced
            return reply
        beginning = clip(self._transport.redact(complaint(answer.body).message), _BODY_SHOWN)
        raise EnvironmentalFailure(
            Hindrance.SERVER,
            f"{self._transport.place} answered {answer.status}, but {problem}: {beginning!r}",
        )

    def _failure(self, answer: Answer) -> EnvironmentalFailure:
        return failure_of(
            answer,
            place=self._transport.place,
            model=self._model,
            key_name=self._transport.key_name,
            redact=self._transport.redact,
            now=self._wall_clock(),
        )

    def _stub_headers(self, request: Request, sending: int) -> dict[str, str] | None:
        # The one model that is told a call's address: its replies are drawn from it.
        if self._model != STUB_MODEL:
            return None
        return {
            ADDRESS_HEADER: request.address,
            ATTEMPT_HEADER: str(request.attempt),
            SENDING_HEADER: str(sending),
        }
