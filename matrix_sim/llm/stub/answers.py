"""How the stub's server answers on the wire, well and badly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from matrix_sim.llm.contracts import Reply
from matrix_sim.llm.stub.wire import ChatCall, completion, error_body, stream_of

_JSON = "application/json"
_EVENTS = "text/event-stream"


def gone(http: web.Request) -> bool:
    """Whether the client is no longer there."""
    return http.transport is None or http.transport.is_closing()


async def deliver(
    http: web.Request, call: ChatCall, reply: Reply, headers: Mapping[str, str], *, null: bool
) -> tuple[web.StreamResponse, bool]:
    """The whole answer, in the way it was asked for, and whether somebody was there to take it."""
    if not call.stream:
        body = completion(call, reply, null=null)
        return web.Response(body=body, headers=headers, content_type=_JSON), True
    response = web.StreamResponse(headers={**headers, "Content-Type": _EVENTS})
    try:
        await response.prepare(http)
        for event in stream_of(call, reply, null=null):
            await response.write(event)
        await response.write_eof()
    except ConnectionError:
        return response, False
    return response, True


def broken(call: ChatCall, reply: Reply, headers: Mapping[str, str]) -> web.Response:
    """A 200 whose body ends half-way, as if that were all."""
    body = _whole(call, reply)
    kind = _EVENTS if call.stream else _JSON
    return web.Response(body=body[: len(body) // 2], headers=headers, content_type=kind)


async def begin_and_hang_up(
    http: web.Request, call: ChatCall, reply: Reply, headers: Mapping[str, str]
) -> web.StreamResponse:
    """A 200 whose connection is lost half-way."""
    body = _whole(call, reply)
    response = web.StreamResponse(
        headers={**headers, "Content-Type": _EVENTS if call.stream else _JSON}
    )
    if not call.stream:
        response.content_length = len(body)
    try:
        await response.prepare(http)
        await response.write(body[: len(body) // 2])
    except ConnectionError:
        return response
    hang_up(http)
    return response


def hang_up(http: web.Request) -> web.Response:
    """Close the connection; what is returned goes nowhere."""
    if http.transport is not None:
        http.transport.abort()
    return web.Response(status=500)


def error_answer(
    status: int,
    message: str,
    kind: str,
    code: str | None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """An error as OpenAI words it."""
    body = error_body(message, kind, code)
    return web.Response(status=status, body=body, headers=headers, content_type=_JSON)


def json_answer(value: Any) -> web.Response:
    """Anything else."""
    return web.Response(body=orjson.dumps(value), content_type=_JSON)


def _whole(call: ChatCall, reply: Reply) -> bytes:
    return b"".join(stream_of(call, reply)) if call.stream else completion(call, reply)
