"""OpenAI's chat format, as the stub's server reads and writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from matrix_sim.canonical import canonical_json
from matrix_sim.llm.contracts import Address, Finish, Message, Reply, Request, Role, Schema
from matrix_sim.llm.stub.filling import shape_of

ADDRESS_HEADER = "X-Matrix-Address"
ATTEMPT_HEADER = "X-Matrix-Attempt"
SENDING_HEADER = "X-Matrix-Sending"
"""Who calls: a client that knows the stub sends these, and no endpoint but the stub gets them."""
_UNBOUNDED = 1 << 20
_PIECE_CHARACTERS = 16
_ROLES: Mapping[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_FINISH = {Finish.LENGTH: "length", Finish.CONTENT_FILTER: "content_filter"}


class BadBody(ValueError):
    """A request that the format does not allow; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class ChatCall:
    """One POST to /chat/completions."""

    request: Request
    sending: int
    addressed: bool
    """Whether the client named the call itself."""
    model: str
    stream: bool
    usage_in_stream: bool

    @property
    def bounded_room(self) -> int:
        """`max_tokens`; 0 where the client gives none."""
        return 0 if self.request.max_tokens == _UNBOUNDED else self.request.max_tokens

    @property
    def label(self) -> str:
        """The call by name: `act/a00042/t0007`, and `…#2` for a second attempt (S2)."""
        attempt = self.request.attempt
        return f"{self.request.address}#{attempt}" if attempt > 1 else str(self.request.address)


def read_body(raw: bytes) -> dict[str, Any]:
    """The JSON object of a POST.

    Raises:
        BadBody: it is none.
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadBody(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadBody("the body is not a JSON object")
    return body


def read_chat(body: dict[str, Any], headers: Mapping[str, str]) -> ChatCall:
    """The call that a body and its headers make.

    Raises:
        BadBody: messages, numbers or the response format are not as they should be.
    """
    given = headers.get(ADDRESS_HEADER, "")
    address = given or f"body/{hashlib.sha256(canonical_json(body)).hexdigest()[:16]}"
    room = body.get("max_completion_tokens") or body.get("max_tokens") or _UNBOUNDED
    if not isinstance(room, int) or room < 1:
        raise BadBody("'max_tokens' must be a positive whole number")
    options = body.get("stream_options") or {}
    request = Request(
        address=Address(address),
        role=Role.AGENT,
        messages=_messages(body.get("messages")),
        max_tokens=room,
        schema=_schema(body.get("response_format")),
        attempt=_counted(headers, ATTEMPT_HEADER),
    )
    return ChatCall(
        request=request,
        sending=_counted(headers, SENDING_HEADER),
        addressed=bool(given),
        model=str(body.get("model", "")),
        stream=body.get("stream") is True,
        usage_in_stream=isinstance(options, dict) and options.get("include_usage") is True,
    )


def completion(call: ChatCall, reply: Reply, *, null: bool = False) -> bytes:
    """The answer in one piece; `null`: its content is no text, not even an empty one."""
    content = None if null else reply.text
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if reply.finish is Finish.REFUSED:
        message |= {"content": None, "refusal": reply.text}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply), "logprobs": None}
    return orjson.dumps(
        _envelope(call, reply, "chat.completion") | {"choices": [choice], "usage": _usage(reply)}
    )


def stream_of(call: ChatCall, reply: Reply, *, null: bool = False) -> Iterator[bytes]:
    """The answer as server-sent events: reasoning, then text, in pieces, then the end."""
    kind = "refusal" if reply.finish is Finish.REFUSED else "content"
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None if null else ""}]
    deltas += [{"reasoning_content": piece} for piece in _pieces(reply.reasoning)]
    deltas += [{kind: piece} for piece in _pieces(reply.text)]
    head = _envelope(call, reply, "chat.completion.chunk")
    for delta in deltas:
        yield _event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    end = {"index": 0, "delta": {}, "finish_reason": _finish(reply)}
    yield _event(head | {"choices": [end]})
    if call.usage_in_stream:
        yield _event(head | {"choices": [], "usage": _usage(reply)})
    yield b"data: [DONE]\n\n"


def error_body(message: str, kind: str, code: str | None) -> bytes:
    """An error as OpenAI words it."""
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _messages(given: Any) -> tuple[Message, ...]:
    if not isinstance(given, list) or not given:
        raise BadBody("'messages' must be a list of at least one message")
    messages = []
    for number, message in enumerate(given):
        role = _ROLES.get(message.get("role", "")) if isinstance(message, dict) else None
        if role is None:
            raise BadBody(f"messages[{number}] needs a role out of {', '.join(_ROLES)}")
        messages.append(Message(role, _content(message.get("content"), number)))
    return tuple(messages)


def _content(content: Any, number: int) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            return "".join(map(str, texts))
    raise BadBody(f"messages[{number}].content must be text or a list of text parts")


def _schema(given: Any) -> Schema | None:
    if not isinstance(given, dict) or given.get("type") != "json_schema":
        return None
    named = given.get("json_schema")
    if not isinstance(named, dict) or not isinstance(named.get("schema"), dict):
        raise BadBody("'response_format.json_schema.schema' must be a JSON schema")
    # Not sorted: the properties of a reply come in the order of its schema.
    schema = orjson.dumps(named["schema"])
    try:
        shape_of(schema)
    except ValueError as error:
        raise BadBody(f"'response_format': {error}") from error
    return Schema(str(named.get("name", "")), schema)


def _counted(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "1")
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise BadBody(f"{name} must be a whole number from 1, not '{text}'")
    return int(text)


def _finish(reply: Reply) -> str:
    return _FINISH.get(reply.finish, "stop")


def _usage(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _envelope(call: ChatCall, reply: Reply, kind: str) -> dict[str, Any]:
    name = hashlib.sha256(call.label.encode("utf-8", "replace")).hexdigest()[:24]
    return {"id": f"chatcmpl-{name}", "object": kind, "created": 0, "model": reply.model}


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def _pieces(text: str) -> Iterator[str]:
    return (text[at : at + _PIECE_CHARACTERS] for at in range(0, len(text), _PIECE_CHARACTERS))
