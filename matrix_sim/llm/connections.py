"""The connections to one endpoint, and what becomes of a request on them.

Straight on aiohttp, which the official client can use as its backend as well: of the client's own
work nothing would be used (its retries are off, its types skipped), it costs more than all the
rest of a call, and it does not say what decides what a loss means: whether the connection had
carried a request before. A server closes a connection that idles; a request that is on its way
then is lost through nobody's fault, and most likely nobody has looked at it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

RACE_S = 1.0
"""A lost request was in a race with the closing of its connection only if that shows this soon: the
news takes one way across the network. What a server breaks off later, it may have worked on."""


class StaleConnection(Exception):
    """The request met the closing of a connection that had idled.

    Most likely nobody has seen it. A server that read it and died at once looks the same, so
    whoever sends it again has to reckon that it was paid.
    """


@dataclass(slots=True)
class _Passage:
    """One request on its way."""

    reused: bool = False
    """Whether its connection carried another one before."""


class Connections:
    """A pool of connections.

    Args:
        base_url: what the URLs of requests begin with.
        headers: of every request.
        connections: how many there may be.
        connect_s: seconds that connecting may take; None: any number.
        keep_alive_s: seconds that a connection may idle and still be used.
        race_s: how soon a loss has to show to be a `StaleConnection`.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        connections: int,
        connect_s: float | None,
        keep_alive_s: float,
        race_s: float = RACE_S,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._proxy = _proxy_of(base_url)
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_s)
        self._keep_alive_s = keep_alive_s
        self._race_s = race_s
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        """Send once; the answer's body is still to be read.

        Raises:
            StaleConnection: the connection had been used before, and was closed or reset within
                `race_s` and before any byte of an answer.
            aiohttp.ClientError: no answer came for any other reason.
        """
        return await self.request("POST", path, body, headers)

    async def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientResponse:
        """As `post`, by any method."""
        url = self._base_url + path
        # Made here and not before: sessions belong to the loop that runs.
        session = self._session = self._session or self._opened()
        clock = asyncio.get_running_loop().time
        passage, begun = _Passage(), clock()
        try:
            return await session.request(
                method, url, data=body, headers=headers, trace_request_ctx=passage
            )
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if passage.reused and _unanswered(error) and clock() - begun <= self._race_s:
                raise StaleConnection from error
            raise

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, ssl=_trusted(), keepalive_timeout=self._keep_alive_s
            ),
            headers=self._headers,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxy,
            trace_configs=[tracing],
        )


async def _note_reuse(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    passage: _Passage = context.trace_request_ctx
    passage.reused = True


def _unanswered(error: aiohttp.ClientError) -> bool:
    """Whether no byte of an answer came: otherwise the error holds what there was of it."""
    return not isinstance(error, aiohttp.ServerDisconnectedError) or isinstance(error.message, str)


def _proxy_of(url: str) -> str | None:
    """The proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY` and their like).

    Looked up once: aiohttp would do it for every request, in a thread, which costs 0.4 ms of CPU
    of the 0.9 that a whole call did.
    """
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def _trusted() -> ssl.SSLContext:
    """Whom TLS trusts: `SSL_CERT_FILE`, or the bundle that comes along, for bare containers."""
    return _context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _context(file: str | None, folder: str | None) -> ssl.SSLContext:
    """What these two of the environment come to; the bundle takes 25 ms of CPU to read."""
    import httpx2

    return httpx2.create_ssl_context()
