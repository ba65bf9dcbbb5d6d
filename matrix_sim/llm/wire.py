"""A request as the bytes of /chat/completions, and the bytes that come back as a reply."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson

from matrix_sim.canonical import canonical_json
from matrix_sim.config import ModelConfig
from matrix_sim.llm.contracts import Finish, Message, Reply, Request, Schema, Usage
from matrix_sim.llm.dialect import Dialect, Structure
from matrix_sim.llm.thinking import split_thinking
from matrix_sim.text import clean_text

JsonInstruction = Callable[[str], str]
"""From a schema's text to the sentences that ask for a reply of that shape."""


class UnreadableReply(Exception):
    """The body of a 200 that holds no reply; the text says what is wrong with it."""


def identity(config: ModelConfig) -> bytes:
    """What, besides the request, decides the reply (S1): never the base URL, a key or a limit."""
    return canonical_json(
        {
            "model": config.label,
            "sampling": config.sampling.model_dump(exclude_none=True),
            "extra_body": config.extra_body,
        }
    )


def request_body(
    config: ModelConfig, request: Request, dialect: Dialect, json_instruction: JsonInstruction
) -> bytes:
    """The JSON to send; keys of `extra_body` win over everything else."""
    messages = request.messages
    body: dict[str, Any] = {
        "model": config.model,
        dialect.length_field: request.max_tokens,
        **config.sampling.model_dump(exclude_none=True),
    }
    if request.schema is not None:
        if dialect.structure is Structure.SCHEMA:
            body["response_format"] = _schema_format(request.schema)
        else:
            messages = _instructed(messages, json_instruction(request.schema.json_schema.decode()))
        if dialect.structure is Structure.JSON:
            body["response_format"] = {"type": "json_object"}
    body["messages"] = [{"role": m.role, "content": m.content} for m in messages]
    return orjson.dumps(body | config.extra_body)


def read_reply(body: bytes, *, model: str) -> tuple[Reply, int]:
    """The reply in the body of a 200.

    Args:
        body: as it came.
        model: the model's name where the endpoint gives none.

    Returns:
        The reply, and how many characters were replaced because nothing could store them.

    Raises:
        UnreadableReply: the body is no JSON, or holds no choice.
    """
    answer = _decoded(body)
    choice = _first_choice(answer)
    message = choice["message"]
    content = _content(message.get("content"))
    apart = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(apart, str) and apart:
        reasoning, text = apart, content
    else:
        reasoning, text = split_thinking(content)
    refusal = message.get("refusal")
    finish = _FINISH.get(str(choice.get("finish_reason")), Finish.STOP)
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
        usage=_usage(answer.get("usage")),
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


def _instructed(messages: tuple[Message, ...], instruction: str) -> tuple[Message, ...]:
    if messages and messages[0].role == "system":
        first = Message("system", f"{messages[0].content}\n\n{instruction}")
        return (first, *messages[1:])
    return (Message("system", instruction), *messages)


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        # Slower, but reads escaped lone surrogates and broken UTF-8: a reply, for all that.
        try:
            value = json.loads(body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise UnreadableReply("the body is no JSON") from None
    if not isinstance(value, dict):
        raise UnreadableReply("the body is no JSON object")
    return value


def _first_choice(answer: dict[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise UnreadableReply("there is no reply in the body")
    if choice.get("finish_reason") == "error":  # a router, passing on what its provider met
        raise UnreadableReply("the reply in the body is an error")
    return choice


def _content(content: object) -> str:
    if isinstance(content, list):
        parts = (p.get("text") for p in content if isinstance(p, dict) and p.get("type") == "text")
        return "".join(p for p in parts if isinstance(p, str))
    return content if isinstance(content, str) else ""


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
