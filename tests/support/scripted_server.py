"""An HTTP endpoint on this machine that answers what a test tells it to, wire and all."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

ANY_PATH = "/{path:.*}"


@dataclass(frozen=True)
class Scripted:
    """One answer of the endpoint."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One request that reached the endpoint."""

    path: str
    headers: Mapping[str, str]
    body: Any
    """None for a GET."""


Answering = Callable[[Seen], Scripted | Awaitable[Scripted] | None]
"""How an endpoint answers; None: it hangs up without a word."""


class ScriptedServer:
    """Answers by a function of the request, and keeps what it saw."""

    def __init__(self, answer: Answering, answer_get: Answering | None = None) -> None:
        self._answer = answer
        self._answer_get = answer_get
        self.seen: list[Seen] = []
        self.base_url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = request.method == "GET" and self._answer_get
        body = None if asked else json.loads(await request.read())
        seen = Seen(request.path, request.headers.copy(), body)
        self.seen.append(seen)
        answer = asked(seen) if asked else self._answer(seen)
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(
            status=answer.status,
            body=answer.body,
            headers=answer.headers,
            content_type="application/json",
        )


@asynccontextmanager
async def serving(
    answer: Answering, answer_get: Answering | None = None
) -> AsyncIterator[ScriptedServer]:
    """A server on a free port of the loopback, for as long as the block runs.

    Without `answer_get`, it knows no GET.
    """
    server = ScriptedServer(answer, answer_get)
    app = web.Application()
    app.router.add_post(ANY_PATH, server.handle)
    if answer_get is not None:
        app.router.add_get(ANY_PATH, server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.base_url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


@contextmanager
def served(answer: Answering) -> Iterator[str]:
    """A scripted endpoint on a thread of its own: opening a run runs an event loop itself."""
    ready, end, urls = threading.Event(), asyncio.Event(), list[str]()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(answer) as server:
            urls.append(server.base_url)
            ready.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


def chat(content: object = "はい。", finish: str | None = "stop", **message: object) -> Scripted:
    """A 200 of /chat/completions."""
    reply = {
        "model": "served-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": {
            "prompt_tokens": 30,
            "completion_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 16},
        },
    }
    return Scripted(body=json.dumps(reply).encode())


def error(status: int, message: str, **fields: object) -> Scripted:
    """An error in the shape that most endpoints use."""
    headers = fields.pop("headers", {})
    assert isinstance(headers, dict)
    body = json.dumps({"error": {"message": message, **fields}}).encode()
    return Scripted(status, body, headers)


def models(*entries: str | Mapping[str, object]) -> Scripted:
    """A 200 of GET /models: names, or all that is said of one."""
    data = [{"id": entry} if isinstance(entry, str) else entry for entry in entries]
    return Scripted(body=json.dumps({"object": "list", "data": data}).encode())
