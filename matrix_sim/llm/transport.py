"""One POST over a real wire, its answer whole or in pieces."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import aiohttp

from matrix_sim.config import ModelConfig
from matrix_sim.llm.answer import Answer as Answer
from matrix_sim.llm.api_key import ApiKey
from matrix_sim.llm.connections import Connections, StaleConnection
from matrix_sim.llm.contracts import EnvironmentalFailure, Hindrance

KEEP_ALIVE_S = 2.0
"""Genuine servers drop idle connections after about 5 s; with an expiry as long, 4 to 7 of 64
requests of the next burst failed, with 2 s none."""

_LINGER_S = 1.0
"""How long a connection is waited for that brought a whole reply and does not end: it can be used
again only once it has."""

_CONNECT_S = 10.0
_CONNECTIONS = 4096
"""Above any sensible number of requests in flight: what limits those is the caller's."""


class Joined(Protocol):
    """What the pieces of a streamed answer are put into; raises what they say is wrong."""

    @property
    def begun(self) -> bool:
        """Whether anything that the model wrote is there."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the reply is all there."""
        ...

    @property
    def done(self) -> bool:
        """Whether nothing more can follow."""
        ...

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""
        ...

    def end(self) -> None:
        """There are no more."""
        ...


class Transport:
    """The connections to one endpoint."""

    def __init__(
        self,
        config: ModelConfig,
        base_url: str,
        *,
        api_key: str,
        on_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> None:
        """`on_headers` is told the headers of every answer, whatever its status."""
        self._on_headers = on_headers
        self._timeout_s = config.timeout_s
        self._key = ApiKey(api_key, config)
        self.place = base_url
        """The endpoint's address; `ModelConfig` refuses one with a password in it."""
        self.key_name = self._key.name
        """Where the key came from; "" where there is no key."""
        self._idle_timeout_s = config.idle_timeout_s
        self._connect_s = min(_CONNECT_S, config.timeout_s)
        self._connections = Connections(
            base_url,
            {
                "Content-Type": "application/json",
                "User-Agent": "matrix-sim",
                **self._key.headers,
            },
            connections=_CONNECTIONS,
            connect_s=self._connect_s,
            keep_alive_s=KEEP_ALIVE_S,
        )

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send `body` (JSON) once and wait for the whole answer.

        Raises:
            EnvironmentalFailure: TIMEOUT or CONNECTION; every status is an `Answer`.
        """
        # Raised below, outside the handlers: a traceback that chains the client's own errors
        # would show what an endpoint echoes, the key among it.
        try:
            # A server that trickles white space while it thinks never trips a read time-out.
            async with (
                asyncio.timeout(self._timeout_s),
                await self._connections.post(path, body, headers) as response,
            ):
                self._on_headers(response.headers)
                return await _answer(response)
        except _LOST as error:
            failure = self._failure(error)
        raise failure

    async def stream(
        self, path: str, body: bytes, joined: Joined, headers: Mapping[str, str] | None = None
    ) -> Answer | None:
        """Send `body` once and put what comes back into `joined`, piece by piece.

        Until the first piece that the model wrote, only `timeout_s` counts: a queue and a long
        prompt take their time. From then on, nothing may come for `idle_timeout_s` at most.

        Returns:
            None when `joined` is complete; an answer where there was no stream: an error, or the
            reply of an endpoint that does not stream.

        Raises:
            EnvironmentalFailure: TIMEOUT or CONNECTION, and `joined` was not complete.
        """
        idle = asyncio.timeout(None)
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                await self._connections.post(path, body, headers) as response,
            ):
                self._on_headers(response.headers)
                if response.status >= 300 or "event-stream" not in response.content_type:
                    return await _answer(response)
                async with idle:
                    await self._join(response, joined, idle)
            failure = self._broken_off()
        except _LOST as error:
            if idle.expired():
                failure = self._silent()
            elif joined.begun and not isinstance(error, TimeoutError):
                failure = self._broken_off()
            else:
                failure = self._failure(error)
        if joined.complete:
            return None
        raise failure

    async def _join(
        self, response: aiohttp.ClientResponse, joined: Joined, idle: asyncio.Timeout
    ) -> None:
        now = asyncio.get_running_loop().time
        async for piece in response.content.iter_any():
            joined.feed(piece)
            if joined.begun or joined.done:
                idle.reschedule(now() + (_LINGER_S if joined.done else self._idle_timeout_s))
        joined.end()

    def redact(self, text: str) -> str:
        """`text` without the key."""
        return self._key.redact(text)

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        await self._connections.close()

    def _silent(self) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.TIMEOUT,
            f"{self.place} sent nothing for {self._idle_timeout_s:g} s in the middle of a reply;"
            " 'idle_timeout_s' of the model allows more",
            maybe_paid=True,
        )

    def _broken_off(self) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.CONNECTION,
            f"{self.place} broke off in the middle of a reply; a proxy in between that cuts long"
            " answers?",
            maybe_paid=True,
        )

    def _failure(self, error: BaseException) -> EnvironmentalFailure:
        if isinstance(error, StaleConnection):
            return EnvironmentalFailure(
                Hindrance.STALE_CONNECTION,
                f"{self.place} closed an idle connection as the request was on its way",
                maybe_paid=True,
            )
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return self._unreached(f"none within {self._connect_s:g} s", maybe_paid=False)
        if isinstance(error, TimeoutError):
            return EnvironmentalFailure(
                Hindrance.TIMEOUT,
                f"{self.place} did not answer within {self._timeout_s:g} s;"
                " 'timeout_s' of the model allows more",
                maybe_paid=True,
            )
        # The reason is the first error of the chain: the system's own.
        *_, first = _causes(error)
        reason = self.redact(str(first)) or type(first).__name__
        unsent = isinstance(first, ConnectionRefusedError | socket.gaierror)
        return self._unreached(reason, maybe_paid=not unsent)

    def _unreached(self, reason: str, *, maybe_paid: bool) -> EnvironmentalFailure:
        return EnvironmentalFailure(
            Hindrance.CONNECTION,
            f"no connection to {self.place}: {reason}; is the server up and 'base_url' right?",
            maybe_paid=maybe_paid,
        )


_LOST = (StaleConnection, TimeoutError, aiohttp.ClientError, OSError)


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    return Answer(response.status, response.headers, await response.read())


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
