"""The connections under the official client: aiohttp's, and what becomes of a request on them.

The client's own backend for aiohttp does not say whether a request went out on a connection that
was used before, and that decides what its loss means. A server closes a connection that idles; a
request that is on its way then is lost through nobody's fault, and nobody has looked at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx2

RACE_S = 1.0
"""A lost request was in a race with the closing of its connection only if that shows this soon: the
news takes one way across the network. What a server breaks off later, it may have worked on."""


@dataclass(slots=True)
class _Passage:
    """One request on its way."""

    reused: bool = False
    """Whether its connection carried another one before."""


class Connections(httpx2.AsyncBaseTransport):
    """A pool of connections for `httpx2.AsyncClient`.

    A request that lost the race with the closing of an idle connection is sent again, at once and
    once, on a new one: its connection had been used before, and was closed or reset within
    `race_s` and before any byte of an answer. Every other loss is raised.

    Args:
        connections: how many there may be.
        connect_s: seconds that connecting may take.
        keep_alive_s: seconds that a connection may idle and still be used.
        race_s: see above.
    """

    def __init__(
        self, *, connections: int, connect_s: float, keep_alive_s: float, race_s: float = RACE_S
    ) -> None:
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_s)
        self._keep_alive_s = keep_alive_s
        self._race_s = race_s
        self._tls = httpx2.create_ssl_context()
        self._kept: aiohttp.ClientSession | None = None
        self._new: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send once, or twice after a race.

        Raises:
            aiohttp.ClientError: no answer came; after a race, with the first loss as its cause.
        """
        # Made here and not before: sessions belong to the loop that runs.
        kept = self._kept = self._kept or self._session(keepalive_timeout=self._keep_alive_s)
        clock = asyncio.get_running_loop().time
        passage, begun = _Passage(), clock()
        try:
            return await self._send(kept, request, passage)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if not (passage.reused and _unanswered(error) and clock() - begun <= self._race_s):
                raise
            race = error
        new = self._new = self._new or self._session(force_close=True)
        try:
            return await self._send(new, request, _Passage())
        except aiohttp.ClientError as error:
            # Whatever became of this one, the first may have been seen after all.
            raise error from race

    async def aclose(self) -> None:
        """Close all connections; requests under way fail."""
        for session in (self._kept, self._new):
            if session is not None:
                await session.close()

    def _session(self, **keeping: Any) -> aiohttp.ClientSession:
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._tls, **keeping),
            timeout=self._timeout,
            auto_decompress=False,  # httpx2 does it
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
            trace_configs=[tracing],
        )

    async def _send(
        self, session: aiohttp.ClientSession, request: httpx2.Request, passage: _Passage
    ) -> httpx2.Response:
        answer = await session.request(
            request.method,
            str(request.url),
            headers=request.headers,
            data=request.content,
            allow_redirects=False,
            trace_request_ctx=passage,
        )
        return httpx2.Response(
            answer.status, headers=answer.raw_headers, stream=_Body(answer), request=request
        )


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._answer.content.iter_any():
            yield piece

    async def aclose(self) -> None:
        """Give the connection back, or close it where the body is not over."""
        self._answer.release()


async def _note_reuse(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    passage: _Passage = context.trace_request_ctx
    passage.reused = True


def _unanswered(error: aiohttp.ClientError) -> bool:
    """Whether no byte of an answer came: otherwise the error holds what there was of it."""
    return not isinstance(error, aiohttp.ServerDisconnectedError) or isinstance(error.message, str)
