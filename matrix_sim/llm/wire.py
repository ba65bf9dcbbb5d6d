"""A request as the bytes of /chat/completions, and what comes back as a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from matrix_sim.canonical import canonical_json
from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import Finish, Message, Reply, Request, Schema, Usage
from matrix_sim.llm.dialect import Dialect, Structure
from matrix_sim.llm.json_body import UnreadableReply, json_object
from matrix_sim.llm.presets import Return
from matrix_sim.llm.thinking import take_apart
from matrix_sim.text import clean_text

JsonInstruction = Callable[[str], str]
"""From a schema's text to the sentences that ask for a reply of that shape."""


def identity(config: ModelConfig, thinking_instruction: str = "") -> bytes:
    """What, besides the request, decides the reply (S1): never the base URL, a key or a limit.

    The instruction is in it because the model reads it; without one, the identity is the one that
    it was before there was any.
    """
    decides = {
        "model": config.label,
        "sampling": config.sampling.model_dump(exclude_none=True),
        "extra_body": config.effective_extra_body,
    }
    if thinking_instruction:
        decides["thinking"] = thinking_instruction
    return canonical_json(decides)


class BodyWriter:
    """Writes requests as the JSON of /chat/completions; keys of `extra_body` win over all else."""

    def __init__(
        self, config: ModelConfig, json_instruction: JsonInstruction, thinking_instruction: str
    ) -> None:
        self._json_instruction = json_instruction
        self._thinking_instruction = thinking_instruction
        self._always = {
            "model": config.model,
            **config.sampling.model_dump(exclude_none=True),
        }
        self._extra = config.effective_extra_body

    def body(self, request: Request, dialect: Dialect) -> bytes:
        """The JSON to send."""
        messages = request.messages
        body: dict[str, Any] = {**self._always, dialect.length_field: request.max_tokens}
        if self._thinking_instruction:
            messages = _instructed(messages, self._thinking_instruction)
        if request.schema is not None:
            if dialect.structure is Structure.SCHEMA:
                body["response_format"] = _schema_format(request.schema)
            else:
                shape = request.schema.json_schema.decode()
                messages = _instructed(messages, self._json_instruction(shape))
            if dialect.structure is Structure.JSON:
                body["response_format"] = {"type": "json_object"}
        if dialect.stream:
            body["stream"] = True
            if dialect.usage_in_stream:
                body["stream_options"] = {"include_usage": True}
        body["messages"] = [_message(message, dialect.thinking_back) for message in messages]
        return orjson.dumps(body | self._extra)


def read_reply(body: bytes, *, model: str, max_tokens: int) -> tuple[Reply, int]:
    """The reply in the body of a 200: `read_answer` of its JSON.

    Raises:
        UnreadableReply: the body is no JSON, or holds no choice.
    """
    return read_answer(json_object(body), model=model, max_tokens=max_tokens)


def read_answer(answer: dict[str, Any], *, model: str, max_tokens: int) -> tuple[Reply, int]:
    """The reply in a decoded answer.

    Args:
        answer: a `chat.completion`.
        model: the model's name where the endpoint gives none.
        max_tokens: the room that the reply had.

    Returns:
        The reply, and how many characters were replaced because nothing could store them.

    Raises:
        UnreadableReply: it holds no choice.
    """
    choice = _first_choice(answer)
    message = choice["message"]
    reasoning, text = take_apart(message)
    usage = _usage(answer.get("usage"))
    finish = _FINISH.get(str(choice.get("finish_reason")), Finish.STOP)
    if finish is Finish.STOP and not text.strip() and usage.completion_tokens >= max_tokens:
        finish = Finish.LENGTH  # all the room went into thinking, whatever the server calls it
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        finish, text = Finish.REFUSED, text or refusal
    text, replaced_in_text = clean_text(text)
    reasoning, replaced_in_reasoning = clean_text(reasoning)
    name = answer.get("model")
    reply = Reply(
        text=text,
        reasoning=reasoning,
        finish=finish,
        model=clean_text(name)[0] if isinstance(name, str) and name else model,
        usage=usage,
    )
    return reply, replaced_in_text + replaced_in_reasoning


_FINISH = {"length": Finish.LENGTH, "content_filter": Finish.CONTENT_FILTER}


def _schema_format(schema: Schema) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {
            "name": schema.name,
            "strict": True,
            "schema": orjson.Fragment(schema.json_schema),
        },
    }


def _message(message: Message, thinking_back: Return) -> dict[str, str]:
    written = {"role": message.role, "content": message.content}
    if not message.reasoning:
        return written
    if thinking_back is Return.FIELDS:
        return written | {"reasoning_content": message.reasoning, "reasoning": message.reasoning}
    inline = f"<think>\n{message.reasoning}\n</think>\n\n{message.content}"
    return written | {"content": inline}


def _instructed(messages: tuple[Message, ...], instruction: str) -> tuple[Message, ...]:
    if messages and messages[0].role == "system":
        first = Message("system", f"{messages[0].content}\n\n{instruction}")
        return (first, *messages[1:])
    return (Message("system", instruction), *messages)


def _first_choice(answer: dict[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise UnreadableReply("there is no reply in the body")
    if choice.get("finish_reason") == "error":  # a router, passing on what its provider met
        raise UnreadableReply("the reply in the body is an error")
    return choice


def _usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(details.get("cached_tokens")) if isinstance(details, dict) else 0,
    )


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0
