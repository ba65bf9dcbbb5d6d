"""The stub over HTTP: an OpenAI-compatible server, so that the real client is used.

It answers what `StubEndpoint` answers, to whom its `Admission` lets in. `/stats` says what it did,
and which addresses it answered more than once; `/admission` changes what is let in.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import ValidationError

from matrix_sim.config import StubConfig
from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.admission import Admission, AdmissionRules, Refusal, retry_headers
from matrix_sim.llm.stub.answers import (
    begin_and_hang_up,
    broken,
    deliver,
    error_answer,
    gone,
    hang_up,
    json_answer,
)
from matrix_sim.llm.stub.counters import REPLY
from matrix_sim.llm.stub.endpoint import MODEL, KeptBack, Made, StubEndpoint, prompt_tokens
from matrix_sim.llm.stub.faults import Fault
from matrix_sim.llm.stub.vectors import embeddings
from matrix_sim.llm.stub.wire import BadBody, ChatCall, read_body, read_chat

_LARGEST_BODY = 64 << 20
_GRACE_S = 0.5
"""How long calls under way may go on when the server stops."""
HANG_S = 3600.0
"""How long a time-out fault keeps the client waiting before the connection is closed."""
CLOSE_IDLE_S = 3600.0
"""How long a connection may idle."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StubServer:
    """One stub behind one port.

    Args:
        config: latency, slots and faults.
        seed: decides replies and faults.
        language: of the replies.
        api_key: asked of every call, where given.
        hang_s: seconds that a time-out fault lasts before the connection is closed.
        admission: what is let in, the slots included; without it, the slots of `config`, in a
            queue.
        close_idle_s: seconds after which a connection that idles is closed without a word.

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
        admission: AdmissionRules | None = None,
        close_idle_s: float = CLOSE_IDLE_S,
    ) -> None:
        self._endpoint = StubEndpoint(config, seed=seed, language=language)
        self._admission = Admission(admission or AdmissionRules(slots=config.slots), time.monotonic)
        self._endpoint.resize(self._admission.rules.slots)
        self._close_idle_s = close_idle_s
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
        app.router.add_post("/admission", self._change_admission)
        app.router.add_get("/stats", self._stats)
        app.router.add_post("/stats/reset", self._reset)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=_GRACE_S,
            keepalive_timeout=self._close_idle_s,
        )
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
            return error_answer(
                401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"
            )
        try:
            return await handler(request)
        except BadBody as error:
            return error_answer(400, str(error), "invalid_request_error", None)

    def _admitted(self, request: web.Request) -> bool:
        if self._api_key is None:
            return True
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._api_key.encode())

    async def _chat(self, http: web.Request) -> web.StreamResponse:
        call = read_chat(read_body(await http.read()), http.headers)
        if call.model != MODEL:
            return _unknown_model(call.model)
        refusal = self._admission.admit(prompt_tokens(call.request), call.bounded_room)
        if refusal is not None:
            return self._refused(refusal)
        reply_tokens = 0
        try:
            met = await self._endpoint.meet(call.request, sending=call.sending)
            if met.reply is not None:
                reply_tokens = met.reply.usage.completion_tokens
        finally:
            self._admission.leave(reply_tokens)
        if isinstance(met, KeptBack):
            return await self._keep_back(http, call, met)
        return await self._serve(http, call, met)

    def _refused(self, refusal: Refusal) -> web.Response:
        wait = refusal.retry_after_s
        headers = self._admission.headers() | ({} if wait is None else retry_headers(wait))
        kind = refusal.cause if refusal.cause != "slots" else "rate_limit_error"
        return error_answer(429, refusal.message, kind, "rate_limit_exceeded", headers)

    async def _serve(self, http: web.Request, call: ChatCall, made: Made) -> web.StreamResponse:
        """Count the reply as served, then write it, whether or not the client is still there."""
        if call.addressed:
            self._served[call.label] += 1
        if gone(http):
            self._undelivered += 1
            return web.Response()
        null = made.spoilt is Fault.NULL_CONTENT
        response, arrived = await deliver(
            http, call, made.reply, self._admission.headers(), null=null
        )
        self._undelivered += not arrived
        return response

    async def _keep_back(
        self, http: web.Request, call: ChatCall, kept: KeptBack
    ) -> web.StreamResponse:
        headers = self._admission.headers()
        match kept.fault:
            case Fault.RATE_LIMITED:
                wait = kept.retry_after_s
                more = {} if wait is None else {"Retry-After": f"{wait:g}"}
                message = "the stub turns the call away on purpose"
                code = "rate_limit_exceeded"
                return error_answer(429, message, "rate_limit_error", code, headers | more)
            case Fault.SERVER:
                message = "the stub fails on purpose"
                return error_answer(500, message, "server_error", None, headers)
            case Fault.UNAVAILABLE:
                message = "the stub is not there, on purpose"
                return error_answer(503, message, "server_error", None, headers)
            case Fault.TIMEOUT:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._hang_s)
        if kept.reply is not None and not gone(http):
            if kept.fault is Fault.BROKEN_BODY:
                return broken(call, kept.reply, headers)
            if kept.in_the_middle and kept.fault is Fault.DISCONNECT:
                return await begin_and_hang_up(http, call, kept.reply, headers)
        return hang_up(http)

    async def _embed(self, http: web.Request) -> web.StreamResponse:
        body = read_body(await http.read())
        if body.get("model") != MODEL:
            return _unknown_model(str(body.get("model", "")))
        return json_answer(embeddings(body, MODEL))

    async def _models(self, http: web.Request) -> web.StreamResponse:
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "matrix-sim"}
        return json_answer({"object": "list", "data": [model]})

    async def _stats(self, http: web.Request) -> web.StreamResponse:
        counters = self._endpoint.counters
        return json_answer(
            {
                "requests": counters.requests,
                "replies": counters.replies,
                "faults": {k: n for k, n in sorted(counters.served.items()) if k != REPLY},
                "served": dict(sorted(self._served.items())),
                "served_twice": {k: n for k, n in sorted(self._served.items()) if n > 1},
                "undelivered": self._undelivered,
                "prompt_tokens": counters.prompt_tokens,
                "completion_tokens": counters.completion_tokens,
                "charged_calls": counters.charged_calls,
                "charged_tokens": counters.charged_tokens,
                "busy_slot_seconds": counters.busy_slot_seconds,
                "in_flight_seconds": counters.in_flight_seconds,
                "peak_busy": counters.peak_busy,
                "peak_in_flight": counters.peak_in_flight,
                "admission": self._admission.figures(),
            }
        )

    async def _change_admission(self, http: web.Request) -> web.StreamResponse:
        """Change the rules that the body names; the others stay."""
        given = read_body(await http.read())
        try:
            rules = AdmissionRules.model_validate(self._admission.rules.model_dump() | given)
        except ValidationError as error:
            problems = (f"'{'.'.join(map(str, e['loc']))}': {e['msg']}" for e in error.errors())
            raise BadBody("; ".join(problems)) from None
        self._admission.change(rules)
        self._endpoint.resize(rules.slots)
        return json_answer(rules.model_dump())

    async def _reset(self, http: web.Request) -> web.StreamResponse:
        self._endpoint.reset_counters()
        self._admission.reset()
        self._served.clear()
        self._undelivered = 0
        return json_answer({})


def run_stub_server(
    config: StubConfig,
    *,
    seed: int,
    language: str,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    hang_s: float = HANG_S,
    admission: AdmissionRules | None = None,
    close_idle_s: float = CLOSE_IDLE_S,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until interrupted (Ctrl-C); says the URL and a `models` section to paste.

    Raises:
        UsageError: the config is not understood, or the address cannot be listened on.
    """

    async def serve() -> None:
        server = StubServer(
            config,
            seed=seed,
            language=language,
            api_key=api_key,
            hang_s=hang_s,
            admission=admission,
            close_idle_s=close_idle_s,
        )
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


def _unknown_model(name: str) -> web.Response:
    message = f"The model `{name}` does not exist; this server has `{MODEL}`."
    return error_answer(404, message, "invalid_request_error", "model_not_found")
