"""A model behind an OpenAI-compatible API: one request out, one reply or typed failure back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import EnvironmentalFailure, Finish, Hindrance, Reply, Request
from matrix_sim.llm.dialect import Dialect, dialect_of, simpler_dialect
from matrix_sim.llm.failures import complaint, failure_of, is_context_overflow
from matrix_sim.llm.json_body import UnreadableReply
from matrix_sim.llm.streamed import StreamedReply, StreamError
from matrix_sim.llm.stub.endpoint import MODEL as STUB_MODEL
from matrix_sim.llm.stub.wire import ADDRESS_HEADER, ATTEMPT_HEADER, SENDING_HEADER
from matrix_sim.llm.transport import Answer, Transport
from matrix_sim.llm.wire import BodyWriter, JsonInstruction, identity, read_answer, read_reply
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
        thinking_instruction: in which language to think; "" where none is asked for.
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
        thinking_instruction: str = "",
        wall_clock: Callable[[], float] = time.time,
        on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> None:
        self._model = config.model or ""
        self._writer = BodyWriter(config, json_instruction, thinking_instruction)
        self._wall_clock = wall_clock
        self._transport = Transport(config, base_url, api_key=api_key, on_headers=on_headers)
        self._dialect = dialect_of(config)
        self.identity: bytes = identity(config, thinking_instruction)
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
            answer, joined = await self._ask(self._writer.body(request, dialect), dialect, headers)
            if answer is None or answer.status < 300:
                if dialect is not begun:  # found here, and only now known to work
                    self._dialect = dialect
                return self._read(request, answer, joined)
            if is_context_overflow(answer):
                return Reply("", "", Finish.CONTEXT_OVERFLOW, self._model)
            simpler = simpler_dialect(dialect, answer, request)
            if simpler is None or joined.begun:
                raise self._failure(answer, begun=joined.begun)
            dialect = simpler

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        await self._transport.close()

    async def _ask(
        self, body: bytes, dialect: Dialect, headers: dict[str, str] | None
    ) -> tuple[Answer | None, StreamedReply]:
        """The answer; None where the reply is whole in what was put together from a stream."""
        joined = StreamedReply()
        if not dialect.stream:
            return await self._transport.post(_PATH, body, headers), joined
        try:
            return await self._transport.stream(_PATH, body, joined, headers), joined
        except StreamError as error:
            return Answer(error.status, {}, error.body), joined
        except UnreadableReply as error:
            problem = str(error)
        raise self._unreadable(f"answered a stream, but {problem}")

    def _read(self, request: Request, answer: Answer | None, joined: StreamedReply) -> Reply:
        model, room = self._model, request.max_tokens
        try:
            if answer is None:
                reply, replaced = read_answer(joined.answer(), model=model, max_tokens=room)
            else:
                reply, replaced = read_reply(answer.body, model=model, max_tokens=room)
        except UnreadableReply as error:
            problem = str(error)
        else:
            self.replaced_characters += replaced
            return reply
        if answer is None:
            raise self._unreadable(f"answered a stream, but {problem}")
        beginning = clip(self._transport.redact(complaint(answer.body).message), _BODY_SHOWN)
        raise self._unreadable(f"answered {answer.status}, but {problem}: {beginning!r}")

    def _unreadable(self, what: str) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.SERVER, f"{self._transport.place} {what}", maybe_paid=True
        )

    def _failure(self, answer: Answer, *, begun: bool) -> EnvironmentalFailure:
        failure = failure_of(
            answer,
            place=self._transport.place,
            model=self._model,
            key_name=self._transport.key_name,
            redact=self._transport.redact,
            now=self._wall_clock(),
        )
        failure.maybe_paid = failure.maybe_paid or begun
        return failure

    def _stub_headers(self, request: Request, sending: int) -> dict[str, str] | None:
        # The one model that is told a call's address: its replies are drawn from it.
        if self._model != STUB_MODEL:
            return None
        return {
            ADDRESS_HEADER: request.address,
            ATTEMPT_HEADER: str(request.attempt),
            SENDING_HEADER: str(sending),
        }
