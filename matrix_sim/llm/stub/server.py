"""The stub over HTTP: an OpenAI-compatible server, so that the real client is used.

It answers what `StubEndpoint` answers; environmental faults become what they stand for on the
wire. `/stats` says what it did, and which addresses it answered more than once.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from matrix_sim.config import StubConfig
from matrix_sim.errors import UsageError
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance, Reply
from matrix_sim.llm.stub.counters import REPLY
from matrix_sim.llm.stub.embedding import bigram_vector
from matrix_sim.llm.stub.endpoint import MODEL, StubEndpoint
from matrix_sim.llm.stub.wire import (
    BadBody,
    ChatCall,
    completion,
    error_body,
    read_body,
    read_chat,
    stream_of,
)
from matrix_sim.text import estimate_tokens

_LARGEST_BODY = 64 << 20
_GRACE_S = 0.5
"""How long calls under way may go on when the server stops."""
HANG_S = 3600.0
"""How long a time-out fault keeps the client waiting before the connection is closed."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StubServer:
    """One stub behind one port.

    Args:
        config: latency, slots and faults.
        seed: decides replies and faults.
        language: of the replies.
        api_key: asked of every call, where given.
        hang_s: seconds that a time-out fault lasts before the connection is closed.

    Raises:
        UsageError: the config is not understood.
    """

    def __init__(
        self,
        config: StubConfig,
        *,
        seed: int,
        language: str,
        api_key: str | None = None,
        hang_s: float = HANG_S,
    ) -> None:
        self._endpoint = StubEndpoint(config, seed=seed, language=language)
        self._api_key = api_key
        self._hang_s = hang_s
        self._served: Counter[str] = Counter()
        self._undelivered = 0
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which was chosen by the system if 0 was asked for.

        Raises:
            UsageError: the address cannot be listened on.
        """
        app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[self._guard])
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/stats", self._stats)
        app.router.add_post("/stats/reset", self._reset)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or error
            raise UsageError(
                f"cannot listen on {host}:{port}: {reason}; give another port"
            ) from error
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening and let go of every connection."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/v1/") and not self._admitted(request):
            return _error(
                401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"
            )
        try:
            return await handler(request)
        except BadBody as error:
            return _error(400, str(error), "invalid_request_error", None)

    def _admitted(self, request: web.Request) -> bool:
        if self._api_key is None:
            return True
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._api_key.encode())

    async def _chat(self, http: web.Request) -> web.StreamResponse:
        call = read_chat(read_body(await http.read()), http.headers)
        if call.model != MODEL:
            return _unknown_model(call.model)
        try:
            reply = await self._endpoint.send(call.request, sending=call.sending)
        except EnvironmentalFailure as failure:
            return await self._hindered(http, failure)
        return await self._deliver(http, call, reply)

    async def _deliver(self, http: web.Request, call: ChatCall, reply: Reply) -> web.StreamResponse:
        """Count the reply as served, then write it, whether or not the client is still there."""
        if call.addressed:
            self._served[call.label] += 1
        if _gone(http):
            self._undelivered += 1
            return web.Response()
        if not call.stream:
            return web.Response(body=completion(call, reply), content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(http)
            for event in stream_of(call, reply):
                await response.write(event)
            await response.write_eof()
        except ConnectionError:
            self._undelivered += 1
        return response

    async def _hindered(
        self, http: web.Request, failure: EnvironmentalFailure
    ) -> web.StreamResponse:
        match failure.hindrance:
            case Hindrance.RATE_LIMITED:
                wait = failure.retry_after_s
                headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
                return _error(
                    429, failure.detail, "rate_limit_error", "rate_limit_exceeded", headers
                )
            case Hindrance.SERVER:
                return _error(500, failure.detail, "server_error", None)
            case Hindrance.TIMEOUT:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._hang_s)
        if http.transport is not None:
            http.transport.abort()
        return web.Response(status=500)

    async def _embed(self, http: web.Request) -> web.StreamResponse:
        body = read_body(await http.read())
        if body.get("model") != MODEL:
            return _unknown_model(str(body.get("model", "")))
        given = body.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise BadBody("'input' must be a text or a list of texts")
        packed = body.get("encoding_format") == "base64"
        tokens = sum(map(estimate_tokens, texts))
        rows = [
            {"object": "embedding", "index": index, "embedding": _vector(text, packed=packed)}
            for index, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return _json({"object": "list", "model": MODEL, "data": rows, "usage": usage})

    async def _models(self, http: web.Request) -> web.StreamResponse:
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "matrix-sim"}
        return _json({"object": "list", "data": [model]})

    async def _stats(self, http: web.Request) -> web.StreamResponse:
        counters = self._endpoint.counters
        return _json(
            {
                "requests": counters.requests,
                "replies": counters.replies,
                "faults": {k: n for k, n in sorted(counters.served.items()) if k != REPLY},
                "served": dict(sorted(self._served.items())),
                "served_twice": {k: n for k, n in sorted(self._served.items()) if n > 1},
                "undelivered": self._undelivered,
                "prompt_tokens": counters.prompt_tokens,
                "completion_tokens": counters.completion_tokens,
                "busy_slot_seconds": counters.busy_slot_seconds,
                "peak_busy": counters.peak_busy,
                "peak_in_flight": counters.peak_in_flight,
            }
        )

    async def _reset(self, http: web.Request) -> web.StreamResponse:
        self._endpoint.reset_counters()
        self._served.clear()
        self._undelivered = 0
        return _json({})


def run_stub_server(
    config: StubConfig,
    *,
    seed: int,
    language: str,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    hang_s: float = HANG_S,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until interrupted (Ctrl-C); says the URL and a `models` section to paste.

    Raises:
        UsageError: the config is not understood, or the address cannot be listened on.
    """

    async def serve() -> None:
        server = StubServer(config, seed=seed, language=language, api_key=api_key, hang_s=hang_s)
        url = f"http://{host}:{await server.start(host, port)}/v1"
        say(f"The stub listens on {url} (counters: {url.removesuffix('/v1')}/stats)\n")
        say(models_section(url, with_key=api_key is not None))
        try:
            await asyncio.Event().wait()
        finally:
            await server.stop()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())


def models_section(url: str, *, with_key: bool) -> str:
    """The part of a config file that makes a run use the server at `url`."""
    key = ", api_key_env: OPENAI_API_KEY" if with_key else ""
    return f'models:\n  default: {{base_url: "{url}", model: {MODEL}{key}}}'


def _gone(http: web.Request) -> bool:
    return http.transport is None or http.transport.is_closing()


def _vector(text: str, *, packed: bool) -> list[float] | str:
    vector = bigram_vector(text)
    if not packed:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _unknown_model(name: str) -> web.Response:
    message = f"The model `{name}` does not exist; this server has `{MODEL}`."
    return _error(404, message, "invalid_request_error", "model_not_found")


def _error(
    status: int, message: str, kind: str, code: str | None, headers: dict[str, str] | None = None
) -> web.Response:
    body = error_body(message, kind, code)
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")


def _json(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
